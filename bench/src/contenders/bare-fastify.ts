// The ceiling for HTTP submits: the same route, request, headers and size of answer, and nothing stored.
import { randomUUID } from "node:crypto";
import Fastify from "fastify";
import type { HttpContender, HttpOptions, StoreAddress } from "../contender.js";
import { listenLocally } from "./http-contract.js";

const DEFAULT_ANSWER_SIZE_BYTES = 1_000;

export async function openBareFastify(_store: StoreAddress, options: HttpOptions): Promise<HttpContender> {
  const app = Fastify();
  const answer = paddedAnswer(options.answerSizeBytes ?? DEFAULT_ANSWER_SIZE_BYTES);
  app.post<{ Body: { type: string; parameters: object } }>("/api/v2/jobs", async (request, reply) => {
    const id = randomUUID();
    const statusUrl = `/api/v2/jobs/${id}`;
    reply.code(202).headers({
      "x-request-id": randomUUID(),
      etag: 'W/"1"',
      "cache-control": "private, no-cache",
      vary: "Prefer, Authorization",
      "retry-after": "1",
      location: statusUrl,
      "operation-location": `/api/v2/operations/${id}`,
    });
    return { ...answer, id, statusUrl, type: request.body.type, parameters: request.body.parameters };
  });
  return { port: await listenLocally(app), close: () => app.close() };
}

/** A job as the contract shapes it; its message is as long as the wanted size of the whole answer needs. */
function paddedAnswer(sizeBytes: number): Record<string, unknown> {
  const now = new Date().toISOString();
  const job = {
    ...{ id: "", type: "", status: "PENDING", statusUrl: "", parameters: {}, progress: 0, message: "" },
    ...{ currentStep: null, totalSteps: null, estimatedTimeRemainingMs: null, priority: 0, attempt: 0, maxAttempts: 3 },
    ...{ queuePosition: null, cancelRequested: false, callbackId: null, webhookEnabled: false, tags: [] },
    ...{ createdAt: now, updatedAt: now, startedAt: null, completedAt: null, runAt: now, startBy: null },
    ...{ completeBy: null, purgeAt: null, result: null, error: null, rerunOf: null, lastSeq: 1 },
  };
  /** Bytes that a request adds: an id, a status URL with an id, the type and the parameters. */
  const addedPerRequest = 36 + 49 + 9 + 105;
  const missing = Math.max(0, sizeBytes - JSON.stringify(job).length - addedPerRequest);
  return { ...job, message: "x".repeat(missing) };
}
