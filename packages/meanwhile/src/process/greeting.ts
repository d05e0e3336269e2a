// What a process says when it is ready: where things are, and one line to try.
import type { ExampleJob } from "@meanwhile/core";

export interface GreetingFacts {
  /** Where the API listens. */
  readonly url: string;
  /** Where the gRPC service listens; without one it is not named. */
  readonly grpc?: string | undefined;
  /** The job of the line to try; without one there is no such line. */
  readonly job: ExampleJob | undefined;
  /** Whether callers need credentials. */
  readonly closed: boolean;
  /** Lines to try in the place of the usual one. */
  readonly examples?: ExampleLines | undefined;
}

export interface ExamplePlace {
  /** Where the API listens. */
  readonly url: string;
  /** The option of curl that sends the credentials; empty where none are needed. */
  readonly credential: string;
}

export type ExampleLines = (place: ExamplePlace) => readonly string[];

export function greetingLines({ url, grpc, job, closed, examples = usualLine(job) }: GreetingFacts): readonly string[] {
  const credential = closed ? '-H "authorization: Bearer $MEANWHILE_TOKEN"' : "";
  return [
    `meanwhile: API ${url}/api/v2, docs ${url}/docs${grpc === undefined ? "" : `, gRPC ${grpc}`}`,
    ...(closed ? [] : ['No credentials are configured: this machine only, and every caller is "local".']),
    ...examples({ url, credential }),
  ];
}

const usualLine =
  (job: ExampleJob | undefined): ExampleLines =>
  ({ url, credential }) => {
    if (job === undefined) return [];
    const { type, parameters } = job;
    const body = JSON.stringify(Object.keys(parameters).length === 0 ? { type } : { type, parameters });
    return [
      `Try: curl -s ${credential === "" ? "" : `${credential} `}${url}/api/v2/jobs -H 'content-type: application/json' -d ${quote(body)}`,
    ];
  };

/** For a POSIX shell, in which nothing but the quote itself has a meaning between single quotes. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
