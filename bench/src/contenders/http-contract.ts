// What the HTTP servers of all contenders have in common: the request, the answer, the wish to wait.

import type { FastifyInstance } from "fastify";

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
