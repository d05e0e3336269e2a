// A caller over HTTP: one address, plain requests, answers with what tests look at.
import type { JobEvent, JobResource } from "@meanwhile/protocol";
import { until } from "@meanwhile/store-testkit";

export interface Answer<Body = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface RequestParts {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Problem = { readonly code: string; readonly [member: string]: unknown };

export class Api {
  readonly address: string;
  readonly #credential: Readonly<Record<string, string>>;

  /** @param options.token Sent with every request. Default: none. */
  constructor(address: string, { token }: { token?: string | undefined } = {}) {
    this.address = address;
    this.#credential = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  async request<Body = unknown>(method: string, path: string, { body, headers = {} }: RequestParts = {}) {
    const isJson = body !== undefined && typeof body !== "string";
    const response = await fetch(this.address + path, {
      method,
      headers: { ...this.#credential, ...(isJson ? { "content-type": "application/json" } : {}), ...headers },
      ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : (body as string) }),
    });
    const text = await response.text();
    const isJsonAnswer = response.headers.get("content-type")?.includes("json") ?? false;
    const answer: Answer<Body> = {
      status: response.status,
      headers: response.headers,
      body: (isJsonAnswer ? JSON.parse(text) : text) as Body,
    };
    return answer;
  }

  /** @param envelope What stands beside type and parameters. */
  submit(type: string, parameters: object = {}, envelope: object = {}, headers: Record<string, string> = {}) {
    return this.request<JobResource>("POST", "/api/v2/jobs", { body: { type, parameters, ...envelope }, headers });
  }

  get(jobId: string) {
    return this.request<JobResource>("GET", `/api/v2/jobs/${jobId}`);
  }

  cancel(jobId: string) {
    return this.request<JobResource>("POST", `/api/v2/jobs/${jobId}/cancel`);
  }

  async events(jobId: string): Promise<readonly JobEvent[]> {
    const { body } = await this.request<{ items: JobEvent[] }>("GET", `/api/v2/jobs/${jobId}/events?limit=200`);
    return body.items;
  }

  /** The types of its events without the leading `job.`. */
  async told(jobId: string): Promise<readonly string[]> {
    return (await this.events(jobId)).map(({ type }) => type.slice("job.".length));
  }

  /** Polls until the job has the status. */
  reaches(jobId: string, status: JobResource["status"], limitMs = 10_000): Promise<JobResource> {
    return until(
      async () => {
        const { body } = await this.get(jobId);
        return body.status === status ? body : undefined;
      },
      { what: `job ${jobId} is ${status}`, limitMs },
    );
  }
}
