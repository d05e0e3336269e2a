// What a process says when it is ready: where things are, and one line to try.

export interface GreetingFacts {
  /** Where the API listens. */
  readonly url: string;
  /** The types that are served. */
  readonly types: readonly string[];
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

export function greetingLines({ url, types, closed, examples = usualLine(types) }: GreetingFacts): readonly string[] {
  const credential = closed ? '-H "authorization: Bearer $MEANWHILE_TOKEN"' : "";
  return [
    `meanwhile: API ${url}/api/v2, docs ${url}/docs`,
    ...(closed ? [] : ['No credentials are configured: this machine only, and every caller is "local".']),
    ...examples({ url, credential }),
  ];
}

const usualLine =
  ([type = "my.job"]: readonly string[]): ExampleLines =>
  ({ url, credential }) => [
    `Try: curl -s ${credential === "" ? "" : `${credential} `}${url}/api/v2/jobs -H 'content-type: application/json' -d '{"type":"${type}"}'`,
  ];
