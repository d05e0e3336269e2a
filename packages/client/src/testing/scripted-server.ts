// A server that behaves as badly as a test wants: each request is answered by the test's own function.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { JobEvent, JobResource, Problem } from "@meanwhile/protocol";
import { onTestFinished } from "vitest";

export interface SeenRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface ScriptedServer {
  readonly url: string;
  /** Every request so far, in order. */
  readonly seen: readonly SeenRequest[];
}

/** @param answer May leave a request unanswered: such connections are cut when the test is over. */
export async function startScriptedServer(
  answer: (request: SeenRequest, response: ServerResponse, count: number) => void,
): Promise<ScriptedServer> {
  const seen: SeenRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const { method = "", url: path = "", headers } = incoming;
    const request = { method, path, headers, body: await text(incoming) };
    seen.push(request);
    answer(request, response, seen.length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, seen };
}

export const JOB_ID = "0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d";

export function answerJson(response: ServerResponse, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

export function answerProblem(
  response: ServerResponse,
  { status, code }: { status: number; code: Problem["code"] },
  headers: Record<string, string> = {},
): void {
  const problem = {
    type: "about:blank",
    title: code,
    status,
    detail: `It is ${code}.`,
    instance: "/",
    code,
    traceId: "t1",
  };
  response.writeHead(status, { "content-type": "application/problem+json", ...headers }).end(JSON.stringify(problem));
}

/** A log of `length` events: submitted, started, outputs, completed. */
export function logOf(length: number): readonly JobEvent[] {
  return Array.from({ length }, (_, index) => eventAt(index + 1, length));
}

function eventAt(seq: number, length: number): JobEvent {
  const rest = { jobId: JOB_ID, seq, at: "2026-11-22T09:00:00.000Z", attempt: seq === 1 ? 0 : 1 };
  if (seq === 1)
    return { ...rest, type: "job.submitted", status: "PENDING", data: { type: "t", priority: 0, runAt: "" } };
  if (seq === length) return { ...rest, type: "job.completed", status: "COMPLETED", data: { result: { length } } };
  return { ...rest, type: "job.output", status: "PROCESSING", data: { chunk: seq } };
}

export function frameOf(event: JobEvent): string {
  return `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

export function beginStream(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(": connected\n\nretry: 20\n\n");
}

/** A comment every so often, for as long as the stream is open. */
export function heartbeat(response: ServerResponse, everyMs: number): void {
  const beat = setInterval(() => response.write(": \n\n"), everyMs);
  response.on("close", () => clearInterval(beat));
}

/** A job that has as many events as are given. */
export function jobOf(log: readonly JobEvent[]): JobResource {
  const last = log.at(-1);
  const isOver = last?.type === "job.completed";
  return {
    id: JOB_ID,
    status: last?.status ?? "PENDING",
    result: isOver ? { length: log.length } : null,
    error: null,
    lastSeq: log.length,
  } as JobResource;
}

/** A page of the log, and the job, as a real server would answer them; `false` for any other request. */
export function answerReading(
  { path, headers }: SeenRequest,
  response: ServerResponse,
  log: readonly JobEvent[],
): boolean {
  const url = new URL(path, "http://localhost");
  if (url.pathname === `/api/v2/jobs/${JOB_ID}/events`) {
    const after = Number(url.searchParams.get("after") ?? 0);
    const items = log.filter(({ seq }) => seq > after);
    const ended = log.at(-1)?.type === "job.completed";
    answerJson(response, { items, nextCursor: ended ? null : String(items.at(-1)?.seq ?? after) });
    return true;
  }
  if (url.pathname !== `/api/v2/jobs/${JOB_ID}`) return false;
  const etag = `W/"${log.length}"`;
  if (headers["if-none-match"] === etag) response.writeHead(304, { etag, "retry-after": "0" }).end();
  else answerJson(response, jobOf(log), { etag, "retry-after": "0" });
  return true;
}
