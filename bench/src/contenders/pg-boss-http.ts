// pg-boss behind Fastify, with its worker in another process: the API a careful team would write.
import Fastify from "fastify";
import type { PgBoss } from "pg-boss";
import type { EchoParameters, HttpContender, StoreAddress } from "../contender.js";
import { echoResult } from "../jobs.js";
import { jobAnswerSchema, listenLocally, streamOutcome, submitSchema } from "./http-contract.js";
import { QUEUE, startPgBoss } from "./pg-boss.js";

/** pg-boss tells nobody that a job is done: one statement asks for all who wait, this often. */
const ASK_EVERY_MS = 10;

export async function openPgBossHttp(store: StoreAddress): Promise<HttpContender> {
  const boss = await startPgBoss(store, { notify: true });
  const outcomes = createOutcomes(boss);
  const app = Fastify();
  const schema = { body: submitSchema, response: { "2xx": jobAnswerSchema } };
  app.post<{ Body: { type: string; parameters: EchoParameters } }>(
    "/api/v2/jobs",
    { schema },
    async (request, reply) => {
      const id = await boss.send(QUEUE, request.body.parameters);
      const statusUrl = `/api/v2/jobs/${id}`;
      reply.code(202).header("location", statusUrl);
      return { id, status: "PENDING", statusUrl, result: null };
    },
  );
  app.get<{ Params: { id: string } }>("/api/v2/jobs/:id/events", (request, reply) =>
    streamOutcome(reply, () => outcomes.of(request.params.id)),
  );
  return {
    port: await listenLocally(app),
    async close() {
      outcomes.close();
      await app.close();
      await boss.stop({ graceful: false });
    },
  };
}

export async function openPgBossWorker(store: StoreAddress): Promise<{ close(): Promise<void> }> {
  const boss = await startPgBoss(store, { notify: true });
  const options = { batchSize: 500, localConcurrency: 2, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };
  await boss.work(QUEUE, { ...options, perJobResults: true }, async (jobs) =>
    jobs.map(({ id }) => ({ id, status: "completed" as const, output: echoResult() })),
  );
  return { close: () => boss.stop({ graceful: false }) };
}

function createOutcomes(boss: PgBoss) {
  const waiting = new Map<string, (result: unknown) => void>();
  const ask = async () => {
    const text = "select id, output from pgboss.job where name = $1 and id = any($2::uuid[]) and state = 'completed'";
    const { rows } = await boss.getDb().executeSql(text, [QUEUE, [...waiting.keys()]]);
    for (const { id, output } of rows as { id: string; output: unknown }[]) {
      waiting.get(id)?.(output);
      waiting.delete(id);
    }
  };
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  const askSoon = () => {
    if (timer !== undefined || isClosed || waiting.size === 0) return;
    timer = setTimeout(async () => {
      await ask();
      timer = undefined;
      askSoon();
    }, ASK_EVERY_MS);
  };
  return {
    of: (id: string): Promise<unknown> =>
      new Promise((resolve) => {
        waiting.set(id, resolve);
        askSoon();
      }),
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
