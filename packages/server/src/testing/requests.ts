// Short ways to speak to a test server.
import { text } from "node:stream/consumers";
import type { JobResource } from "@meanwhile/protocol";
import { until } from "@meanwhile/store-testkit";
import type { InjectOptions, LightMyRequestResponse } from "fastify";
import type { TestServer } from "./test-server.js";

type Headers = Record<string, string>;

// Asynchronous, so that the request begins now and not when somebody awaits it.
export async function get({ app }: TestServer, url: string, headers: Headers = {}): Promise<LightMyRequestResponse> {
  return app.inject({ method: "GET", url, headers });
}

export async function post(
  { app }: TestServer,
  url: string,
  payload?: object | string,
  headers: Headers = {},
): Promise<LightMyRequestResponse> {
  const body: InjectOptions = payload === undefined ? {} : { payload };
  const type = typeof payload === "string" ? { "content-type": "application/json" } : {};
  return app.inject({ method: "POST", url, headers: { ...type, ...headers }, ...body });
}

/** What is looked at of an answer. */
export type Answer = Pick<LightMyRequestResponse, "statusCode" | "headers" | "body">;

/** Any request there is. Of a stream that goes on for ever only the head is taken, and the caller leaves. */
export async function ask({ app }: TestServer, options: InjectOptions): Promise<Answer> {
  const answer = await app.inject({ ...options, payloadAsStream: true });
  const { statusCode, headers } = answer;
  const stream = answer.stream();
  if (String(headers["content-type"]).startsWith("text/event-stream")) {
    stream.destroy();
    return { statusCode, headers, body: "" };
  }
  return { statusCode, headers, body: await text(stream) };
}

/** Submits and gives the job of the answer. */
export async function submit(server: TestServer, body: object, headers: Headers = {}): Promise<JobResource> {
  const answer = await post(server, "/api/v2/jobs", body, headers);
  if (answer.statusCode >= 300) throw new Error(`The submit was refused: ${answer.body}`);
  return answer.json();
}

export async function readJob(server: TestServer, id: string): Promise<JobResource> {
  return (await get(server, `/api/v2/jobs/${id}`)).json();
}

/** Waits until the job is in this status. */
export function inStatus(server: TestServer, id: string, status: JobResource["status"]): Promise<JobResource> {
  return until(
    async () => {
      const job = await readJob(server, id);
      return job.status === status ? job : undefined;
    },
    { what: `job ${id} is ${status}` },
  );
}

/** A job of a type that waits at a gate, once it runs. */
export async function runningJob(
  server: TestServer,
  parameters: { gate: string; progress?: number },
): Promise<JobResource> {
  const { id } = await submit(server, { type: "test.gated", parameters });
  return inStatus(server, id, "PROCESSING");
}

/** The body of an answer that came over a real connection. */
export async function jsonOf<T>(response: Response): Promise<T> {
  return (await response.json()) as T;
}
