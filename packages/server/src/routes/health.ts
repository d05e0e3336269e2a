// Whether the process lives, and whether it should be sent any traffic.
import { AppError } from "@meanwhile/core";
import type { FastifyRequest } from "fastify";
import type { ServerContext } from "../context.js";
import { JSON_TYPE } from "../job-answer.js";
import { json } from "../openapi/refs.js";
import type { Route } from "../route.js";

export function healthRoutes(context: ServerContext): Route[] {
  const check = createReadinessCheck(context);
  return [
    {
      method: "GET",
      path: "/healthz",
      access: "open",
      document: {
        operationId: "getHealth",
        summary: "Whether the process lives",
        tag: "Operations",
        responses: { "200": { description: "It does.", content: json(statusSchema("ok")) } },
      },
      handle: (_request, reply) =>
        reply.headers({ "content-type": JSON_TYPE, "cache-control": "no-store" }).send('{"status":"ok"}'),
    },
    {
      method: "GET",
      path: "/readyz",
      access: "open",
      document: {
        operationId: "getReadiness",
        summary: "Whether the server should be sent requests",
        description: "503 with the member `reasons` where the store cannot be used or the server is shutting down.",
        tag: "Operations",
        responses: { "200": { description: "It should.", content: json(statusSchema("ready")) } },
        errors: ["store_unavailable", "shutting_down"],
      },
      async handle(_request: FastifyRequest, reply) {
        await check();
        return reply.headers({ "content-type": JSON_TYPE, "cache-control": "no-store" }).send('{"status":"ready"}');
      },
    },
  ];
}

function statusSchema(status: string) {
  return { type: "object", required: ["status"], properties: { status: { const: status } } };
}

/** A probe that hangs is as bad as one that fails, and load balancers rarely wait for longer. */
const CHECK_LIMIT_MS = 3_000;
/** Anybody may ask: the store is looked at no more often than this. */
const FRESH_MS = 500;

function createReadinessCheck({ store, clock, isLeaving, logger }: ServerContext): () => Promise<void> {
  let looking: Promise<string | undefined> | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let wasReady = true;

  const look = async (): Promise<string | undefined> => {
    let cancelTimer = () => {};
    const late = new Promise<string>((resolve) => {
      cancelTimer = clock.after(CHECK_LIMIT_MS, () => resolve(`The store did not answer within ${CHECK_LIMIT_MS} ms.`));
    });
    const answer = store.check().then((health) => (health.ok ? undefined : health.reason));
    const reason = await Promise.race([answer, late]);
    cancelTimer();
    // Probes come all the time: only what changes is news.
    if (reason !== undefined && wasReady) logger.warn({ reason }, "the store is not ready");
    if (reason === undefined && !wasReady) logger.info({}, "the store is ready again");
    wasReady = reason === undefined;
    return reason;
  };

  return async () => {
    if (isLeaving()) throw notReady("shutting_down", "The server is shutting down.");
    if (looking === undefined || clock.now() - lookedAt >= FRESH_MS) {
      lookedAt = clock.now();
      looking = look();
    }
    const reason = await looking;
    if (reason !== undefined) throw notReady("store_unavailable", reason);
  };
}

function notReady(code: "shutting_down" | "store_unavailable", reason: string): AppError {
  return new AppError(code, { message: `Not ready: ${reason}`, details: { reasons: [reason] } });
}
