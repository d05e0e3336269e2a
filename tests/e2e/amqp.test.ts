// RabbitMQ with real processes: what a killed process or a stopped broker owes comes, in order; what comes by queue becomes one job each.
import type { JobResource } from "@meanwhile/protocol";
import { until } from "@meanwhile/store-testkit";
import { type ConsumeMessage, connect } from "amqplib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { suiteFolder } from "../harness/folder.js";
import { killLeftovers } from "../harness/process.js";
import { type RabbitmqNode, startRabbitmq, whyNoRabbitmq } from "../harness/rabbitmq.js";
import { type SteadyServer, startSteadyServer } from "../harness/steady-server.js";

const folder = suiteFolder();

describe.skipIf(whyNoRabbitmq !== undefined)(`RabbitMQ${whyNoRabbitmq ? `: ${whyNoRabbitmq}` : ""}`, () => {
  let broker: RabbitmqNode;
  let server: SteadyServer;
  const seen: string[] = [];
  const completed = new Set<string>();

  beforeAll(async () => {
    broker = await startRabbitmq();
    await onBroker(async (channel) => {
      await channel.assertExchange("meanwhile.events", "topic", { durable: true });
      await channel.assertQueue("all", { durable: true, arguments: { "x-queue-type": "quorum" } });
      await channel.bindQueue("all", "meanwhile.events", "#");
    });
    server = await startSteadyServer({ folder, env: { MEANWHILE_AMQP_URL: broker.url } });
  }, 120_000);
  afterAll(async () => {
    await server?.stop();
    killLeftovers();
    await broker?.remove();
  }, 60_000);

  it("is told everything that a process owed that was killed, each job's events in order", async () => {
    const before = await submitMany(30);
    await server.kill();
    await server.start();
    const ids = [...before, ...(await submitMany(10))];

    await told(ids);

    for (const id of ids) expectWhole(id);
  }, 90_000);

  it("may stop: jobs go on, the server stays ready, and what happened meanwhile is told once it is back", async () => {
    await broker.stopApp();
    const ids = await submitMany(20);
    for (const id of ids) await ended(id);
    const ready = await server.api.request("GET", "/readyz");
    await broker.startApp();

    await told(ids);

    expect(ready.status).toBe(200);
    for (const id of ids) expectWhole(id);
    expect(server.output()).toContain("the broker is away");
    expect(server.output()).toContain("the broker is back");
  }, 90_000);

  it("gives jobs: one for each message_id, also over a kill, and puts aside what cannot be read", async () => {
    const answers: ConsumeMessage[] = [];
    const connection = await connect(broker.url);
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue("", { exclusive: true });
    await channel.consume(queue, (answer) => void (answer !== null && answers.push(answer)), { noAck: true });
    const send = (n: number) => {
      const body = Buffer.from(JSON.stringify({ type: "test.echo", parameters: { n } }));
      const key = `by-queue-${n}`;
      const properties = { messageId: key, correlationId: key, replyTo: queue, persistent: true };
      channel.sendToQueue("meanwhile.submit", body, properties);
    };

    for (let n = 0; n < 50; n++) send(n);
    await channel.waitForConfirms();
    await server.kill();
    await server.start();
    for (let n = 0; n < 50; n++) send(n);
    channel.sendToQueue("meanwhile.submit", Buffer.from("no JSON"), { persistent: true });
    await channel.waitForConfirms();
    const keys = () => new Set(answers.map(({ properties }) => properties.correlationId));
    await until(() => keys().size === 50, { what: "every submit is answered", limitMs: 30_000 });
    const dead = await until(async () => await channel.get("meanwhile.submit.dead", { noAck: true }), {
      what: "a message is put aside",
    });
    await connection.close();

    const jobs = new Map<string, Set<string>>();
    for (const { properties, content } of answers) {
      const { id } = JSON.parse(content.toString()) as { id: string };
      jobs.set(properties.correlationId, (jobs.get(properties.correlationId) ?? new Set()).add(id));
    }
    expect([...jobs.values()].map(({ size }) => size)).toEqual(Array(50).fill(1));
    expect(dead.properties.headers!["x-reason"]).toMatch(/^The body is not JSON: /);
    const ids = [...jobs.values()].flatMap((of) => [...of]);
    await told(ids);
    for (const id of ids) expectWhole(id);
  }, 90_000);

  async function submitMany(count: number): Promise<readonly string[]> {
    const submitted = await Promise.all(Array.from({ length: count }, (_, n) => server.api.submit("test.echo", { n })));
    return submitted.map(({ body }) => body.id);
  }

  function ended(id: string): Promise<unknown> {
    return until(
      async () => (await server.api.request<JobResource>("GET", `/api/v2/jobs/${id}`)).body.status === "COMPLETED",
      { what: `job ${id} is over`, limitMs: 15_000 },
    );
  }

  /** Reads the queue until every event of these jobs came; a lease that a killed process left ends first. */
  async function told(ids: readonly string[]): Promise<void> {
    await onBroker(async (channel) => {
      await channel.consume("all", (message) => {
        if (message === null) return;
        seen.push(String(message.properties.messageId));
        if (message.properties.type === "meanwhile.job.completed") completed.add(message.properties.correlationId);
        channel.ack(message);
      });
      const isWhole = () => ids.every((id) => completed.has(id));
      await until(isWhole, { what: `the events of ${ids.length} jobs came`, limitMs: 60_000 });
    });
  }

  /** From the first to the end, by their first arrival: repetitions are allowed, and so are attempts that a kill cut short. */
  function expectWhole(id: string): void {
    const seqs = [...new Set(seen.flatMap((each) => (each.startsWith(`${id}:`) ? [Number(each.split(":")[1])] : [])))];
    expect(seqs.length).toBeGreaterThanOrEqual(3);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  }

  async function onBroker(work: (channel: Awaited<ReturnType<typeof openChannel>>["channel"]) => Promise<void>) {
    const { connection, channel } = await openChannel();
    try {
      await work(channel);
    } finally {
      await connection.close();
    }
  }

  async function openChannel() {
    const connection = await connect(broker.url);
    return { connection, channel: await connection.createChannel() };
  }
});
