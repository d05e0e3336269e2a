// Jobs by queue: durable before they are acknowledged, once each, answered, and what cannot be taken put aside with the reason.
import { AppError, createMemoryStore, defineJob, type Engine, systemClock } from "@meanwhile/core";
import { until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { openBroker, type TestBroker, whyNoBroker } from "./testing/broker.js";
import { startAmqp, type TestAmqpOptions } from "./testing/test-amqp.js";

const echo = defineJob({
  type: "echo",
  parameters: z.object({ n: z.number() }),
  run: async ({ parameters }) => parameters,
});

describe.skipIf(whyNoBroker !== undefined)(`a submit by queue${whyNoBroker ? `: ${whyNoBroker}` : ""}`, () => {
  it("makes a job of the configured owner, and is answered with it", async () => {
    const { broker, engine, answers } = await given({ owner: "acme", linkBase: "https://api.example" });

    await broker.send(broker.names.submit, { type: "echo", parameters: { n: 1 } }, answers.to("a-1"));
    const [answer] = await answers.count(1);

    expect(answer!.properties).toMatchObject({ correlationId: "a-1", contentType: "application/json", type: "job" });
    const shown = JSON.parse(answer!.content.toString()) as { id: string; statusUrl: string };
    expect(shown.statusUrl).toBe(`https://api.example/api/v2/jobs/${shown.id}`);
    const job = await engine.get(shown.id, { principal: principalOf("acme") });
    expect(job).toMatchObject({ owner: "acme", type: "echo" });
    await expect(engine.get(shown.id, { principal: principalOf("local") })).rejects.toMatchObject({
      code: "job_not_found",
    });
  });

  it("with the same message_id makes one job, and both are answered with it", async () => {
    const { broker, answers } = await given();
    const body = { type: "echo", parameters: { n: 1 } };

    await broker.send(broker.names.submit, body, { ...answers.to("a-1"), messageId: "key-1" });
    await broker.send(broker.names.submit, body, { ...answers.to("a-2"), messageId: "key-1" });
    const messages = await answers.count(2);

    const ids = messages.map(({ content }) => (JSON.parse(content.toString()) as { id: string }).id);
    expect(ids[0]).toBe(ids[1]);
    const replayed = messages.find(({ properties }) => properties.correlationId === "a-2");
    expect(replayed!.properties.headers).toMatchObject({ "idempotent-replayed": "true" });
  });

  it("keeps the trace that its headers tell of", async () => {
    const { broker, engine, answers } = await given();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    await broker.send(
      broker.names.submit,
      { type: "echo", parameters: { n: 1 } },
      { ...answers.to("a"), headers: { traceparent } },
    );
    const [answer] = await answers.count(1);

    const { id } = JSON.parse(answer!.content.toString()) as { id: string };
    expect(await engine.get(id, { principal: principalOf("local") })).toMatchObject({ traceparent });
  });

  it.each([
    {
      body: { type: "echo", parameters: { n: "one" } },
      code: "invalid_parameters",
      errors: [{ pointer: "#/parameters/n" }],
    },
    { body: { type: "nobody" }, code: "unknown_job_type" },
    { body: ["no", "envelope"], code: "invalid_parameters" },
  ])("that is refused with $code is answered with the problem, and settled", async ({ body, code, ...more }) => {
    const { broker, answers } = await given();

    await broker.send(broker.names.submit, body, answers.to("a-1"));
    const [answer] = await answers.count(1);

    expect(answer!.properties).toMatchObject({ correlationId: "a-1", contentType: "application/problem+json" });
    expect(JSON.parse(answer!.content.toString())).toMatchObject({ code, status: 422, ...more });
    await isEmpty(broker, broker.names.submit);
    await isEmpty(broker, broker.names.submitDead);
  });

  it("that is refused and asks for no answer is put aside with the code and the pointers", async () => {
    const { broker, dead } = await given();

    await broker.send(broker.names.submit, { type: "echo", parameters: { n: "one" } }, { messageId: "key-1" });
    const [message] = await dead.count(1);

    expect(message!.properties).toMatchObject({ messageId: "key-1" });
    expect(message!.properties.headers!["x-reason"]).toMatch(/^invalid_parameters: .*#\/parameters\/n: /);
    expect(JSON.parse(message!.content.toString())).toEqual({ type: "echo", parameters: { n: "one" } });
  });

  it.each([
    { what: "no JSON", body: Buffer.from('{"type": "echo"'), reason: /^The body is not JSON: / },
    { what: "no UTF-8", body: Buffer.from([0x22, 0xff, 0x22]), reason: /^The body is not text in UTF-8\.$/ },
    { what: "empty", body: Buffer.alloc(0), reason: /^The body is not JSON: / },
  ])("that is $what is put aside as it came, with the reason and its own headers", async ({ body, reason }) => {
    const { broker, dead, answers } = await given();

    await broker.send(broker.names.submit, body, { ...answers.to("c"), headers: { mine: "kept" } });
    const [message] = await dead.count(1);

    expect(message!.content).toEqual(body);
    expect(message!.properties.headers).toMatchObject({ mine: "kept", "x-reason": expect.stringMatching(reason) });
    expect(message!.properties.correlationId).toBe("c");
    await isEmpty(broker, broker.names.submit);
  });

  it("that is compressed is put aside and says what would do", async () => {
    const { broker, dead } = await given();

    await broker.send(broker.names.submit, { type: "echo" }, { contentEncoding: "gzip" });
    const [message] = await dead.count(1);

    expect(message!.properties.headers!["x-reason"]).toBe('Its content_encoding is "gzip"; send plain JSON in UTF-8.');
  });

  it("whose reply queue is gone is settled all the same", async () => {
    const { broker, engine } = await given();

    await broker.send(
      broker.names.submit,
      { type: "echo", parameters: { n: 1 } },
      { replyTo: `${broker.prefix}.gone` },
    );
    await until(async () => (await jobsOf(engine)) === 1, { what: "the job is there" });

    await isEmpty(broker, broker.names.submit);
    await broker.send(broker.names.submit, { type: "echo", parameters: { n: 2 } });
    await until(async () => (await jobsOf(engine)) === 2, { what: "the next one is taken" });
  });

  it("waits for a store that is away, is not lost, and makes one job", async () => {
    const clock = systemClock;
    const store = createMemoryStore({ clock });
    const insert = store.jobs.insert;
    let tries = 0;
    store.jobs.insert = async (...given) => {
      if (++tries <= 2) throw new AppError("store_unavailable", { message: "The disk is full." });
      return insert.apply(store.jobs, given);
    };
    const { broker, engine, answers } = await given({ store });

    await broker.send(broker.names.submit, { type: "echo", parameters: { n: 1 } }, answers.to("a-1"));
    const [answer] = await answers.count(1);

    expect(answer!.properties.contentType).toBe("application/json");
    expect(tries).toBe(3);
    expect(await jobsOf(engine)).toBe(1);
  });

  it("that no process settles is put aside with the reason before it is looked at again", async () => {
    const store = createMemoryStore({ clock: systemClock });
    let tries = 0;
    store.jobs.insert = async () => {
      tries++;
      throw new Error("a fault of our own");
    };
    const { broker, dead, logged } = await given({ store, deliveryLimit: 2 });

    await broker.send(broker.names.submit, { type: "echo", parameters: { n: 1 } });
    const [message] = await dead.count(1);

    expect(message!.properties.headers!["x-reason"]).toBe("It was delivered 2 times, and no process settled it.");
    expect(tries).toBe(2);
    expect(logged).toContainEqual(expect.objectContaining({ level: "error" }));
  });

  it("is left in the queue by a process that stops, and taken by the next one", async () => {
    const first = await given();
    await first.amqp.submits.stop();

    await first.broker.send(first.broker.names.submit, { type: "echo", parameters: { n: 1 } });
    const next = await startAmqp({ jobs: [echo], prefix: first.broker.prefix });
    await until(async () => (await jobsOf(next.service.engine)) === 1, { what: "the job is there" });

    expect(await jobsOf(first.engine)).toBe(0);
  });

  it("is taken again after its queue was deleted under the consumer", async () => {
    const { broker, engine } = await given();
    const channel = await broker.connection.createChannel();

    await channel.deleteQueue(broker.names.submit);
    await isThere(broker, broker.names.submit);
    await broker.send(broker.names.submit, { type: "echo", parameters: { n: 1 } });

    await until(async () => (await jobsOf(engine)) === 1, { what: "the job is there" });
  });

  it("many at once make one job each", async () => {
    const { broker, engine } = await given();
    const channel = await broker.connection.createConfirmChannel();

    for (let n = 0; n < 500; n++) {
      const body = Buffer.from(JSON.stringify({ type: "echo", parameters: { n } }));
      channel.sendToQueue(broker.names.submit, body, { messageId: `key-${n}`, persistent: true });
    }
    await channel.waitForConfirms();

    await until(async () => (await jobsOf(engine)) === 500, { what: "500 jobs are there", limitMs: 15_000 });
    await isEmpty(broker, broker.names.submit);
  });
});

async function given(options: Partial<TestAmqpOptions> = {}) {
  const broker = await openBroker();
  const amqp = await startAmqp({ jobs: [echo], ...options, prefix: broker.prefix });
  await isThere(broker, broker.names.submit);
  const channel = await broker.connection.createChannel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const answers = await broker.read(queue);
  const dead = await broker.read(broker.names.submitDead);
  return {
    broker,
    amqp,
    engine: amqp.service.engine,
    logged: amqp.logged,
    dead,
    answers: { ...answers, to: (correlationId: string) => ({ replyTo: queue, correlationId }) },
  };
}

function principalOf(owner: string) {
  return { owner, name: owner, scopes: null, expiresAt: null, credentialId: null };
}

async function jobsOf(engine: Engine, owner = "local"): Promise<number> {
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await engine.list(
      { limit: 200, ...(cursor === undefined ? {} : { cursor }) },
      { principal: principalOf(owner) },
    );
    count += page.items.length;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return count;
}

/** Nothing is ready in it; what is not acknowledged comes back once its channel is closed, which the test's end sees to. */
async function isEmpty({ connection }: TestBroker, queue: string): Promise<void> {
  const channel = await connection.createChannel();
  await until(async () => (await channel.checkQueue(queue)).messageCount === 0, { what: `${queue} is empty` });
}

async function isThere({ connection }: TestBroker, queue: string): Promise<void> {
  await until(
    async () => {
      const channel = await connection.createChannel();
      channel.on("error", () => {});
      return channel.checkQueue(queue).then(
        ({ consumerCount }) => consumerCount > 0,
        () => false,
      );
    },
    { what: `${queue} is consumed`, limitMs: 10_000 },
  );
}
