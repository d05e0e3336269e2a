// What the HTTP servers of all contenders have in common: the request, the answer, the wish to wait.

import type { FastifyInstance, FastifyReply } from "fastify";

export const submitSchema = {
  type: "object",
  required: ["type", "parameters"],
  additionalProperties: false,
  properties: { type: { type: "string" }, parameters: { type: "object", additionalProperties: true } },
} as const;

export const jobAnswerSchema = {
  type: "object",
  properties: {
    id: { type: "string" },
    status: { type: "string" },
    statusUrl: { type: "string" },
    result: { type: ["object", "null"], additionalProperties: true },
  },
} as const;

/** Milliseconds of `Prefer: wait=N`; 0 when the client does not want to wait. */
export function waitOf(prefer: string | string[] | undefined): number {
  const seconds = /\bwait=(\d+)/.exec(String(prefer ?? ""))?.[1];
  return Math.min(Number(seconds ?? 0), 60) * 1_000;
}

/** Listens on a free port of this machine only, and returns it. */
export async function listenLocally(app: FastifyInstance): Promise<number> {
  return Number(new URL(await app.listen({ host: "127.0.0.1", port: 0 })).port);
}

/** An event stream (SSE) of one event, sent when the job is done, and its end. */
export async function streamOutcome(reply: FastifyReply, done: () => Promise<unknown>): Promise<void> {
  reply.hijack();
  reply.raw.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  reply.raw.flushHeaders();
  try {
    const data = JSON.stringify({ status: "COMPLETED", result: await done() });
    reply.raw.end(`id: 1\nevent: job.completed\ndata: ${data}\n\n`);
  } catch {
    reply.raw.destroy(); // The client sees a stream without its event, and fails the turn.
  }
}
