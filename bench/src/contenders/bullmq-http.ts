// BullMQ behind Fastify: the API a careful team would write, with our contract's way of waiting.
import { Job, Queue, QueueEvents } from "bullmq";
import Fastify, { type FastifyInstance } from "fastify";
import type { EchoParameters, HttpContender, HttpOptions, StoreAddress } from "../contender.js";
import { connectionTo, QUEUE, startWorker } from "./bullmq.js";
import { jobAnswerSchema, listenLocally, streamOutcome, submitSchema, waitOf } from "./http-contract.js";

/** How long a stream may wait for its event. */
const STREAM_MS = 60_000;

interface Parts {
  queue: Queue;
  events: QueueEvents;
}

export async function openBullmqHttp(store: StoreAddress, options: HttpOptions): Promise<HttpContender> {
  const connection = connectionTo(store);
  const queue = new Queue(QUEUE, { connection });
  const events = new QueueEvents(QUEUE, { connection });
  // Every waiting request listens on the one QueueEvents; Node's warning about many listeners does not apply.
  events.setMaxListeners(0);
  queue.setMaxListeners(0);
  const worker = options.worker === "inside" ? startWorker(connection, () => {}) : undefined;
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady(), worker?.waitUntilReady()]);

  const app = Fastify();
  addRoutes(app, { queue, events });
  return {
    port: await listenLocally(app),
    async close() {
      await app.close();
      await worker?.close();
      await events.close();
      await queue.close();
    },
  };
}

function addRoutes(app: FastifyInstance, { queue, events }: Parts): void {
  const schema = { body: submitSchema, response: { "2xx": jobAnswerSchema } };
  app.post<{ Body: { type: string; parameters: EchoParameters } }>(
    "/api/v2/jobs",
    { schema },
    async (request, reply) => {
      const job = await queue.add(request.body.type, request.body.parameters);
      const statusUrl = `/api/v2/jobs/${job.id}`;
      const waitMs = waitOf(request.headers.prefer);
      if (waitMs > 0) return { id: job.id, status: "COMPLETED", statusUrl, result: await done(job, waitMs) };
      reply.code(202).header("location", statusUrl);
      return { id: job.id, status: "PENDING", statusUrl, result: null };
    },
  );

  const one = { response: { "2xx": jobAnswerSchema } };
  app.get<{ Params: { id: string } }>("/api/v2/jobs/:id", { schema: one }, async (request, reply) => {
    const { id } = request.params;
    const job = await Job.fromId(queue, id);
    if (job === undefined) return reply.code(404).send();
    const waitMs = waitOf(request.headers.prefer);
    // A job that was read as finished needs no second question to Redis.
    const mustWait = waitMs > 0 && job.finishedOn === undefined;
    const result: unknown = mustWait ? await done(job, waitMs) : job.returnvalue;
    return { id, status: result === null ? "PENDING" : "COMPLETED", statusUrl: `/api/v2/jobs/${id}`, result };
  });

  app.get<{ Params: { id: string } }>("/api/v2/jobs/:id/events", async (request, reply) => {
    const job = await Job.fromId(queue, request.params.id);
    if (job === undefined) return reply.code(404).send();
    return streamOutcome(reply, async () => (job.finishedOn === undefined ? done(job, STREAM_MS) : job.returnvalue));
  });

  const done = (job: Job, waitMs: number): Promise<unknown> => job.waitUntilFinished(events, waitMs);
}
