// Events by queue: as CloudEvents that others read, each job's in order, at least once, over whatever happens to the connection.

import { makeSending } from "@meanwhile/channels/testkit";
import { defineJob, subscribe } from "@meanwhile/core";
import { until } from "@meanwhile/store-testkit";
import type { ConsumeMessage } from "amqplib";
import { CloudEvent } from "cloudevents";
import { describe, expect, it, onTestFinished } from "vitest";
import { BROKER_URL, openBroker, whyNoBroker } from "./testing/broker.js";
import { connectEvents, isConnected } from "./testing/event-channels.js";
import { startHoldingProxy } from "./testing/holding-proxy.js";
import { startAmqp, type TestAmqp } from "./testing/test-amqp.js";

const echo = defineJob({ type: "test.echo", run: async ({ parameters }) => parameters });
const local = { owner: "local", name: "local", scopes: null, expiresAt: null, credentialId: null };
const never = new AbortController().signal;

describe.skipIf(whyNoBroker !== undefined)(`events by queue${whyNoBroker ? `: ${whyNoBroker}` : ""}`, () => {
  it("are CloudEvents in binary mode, with the event of the API as their data", async () => {
    const { broker, amqp } = await given({ linkBase: "https://api.example" });
    const queue = await broker.listen("job.completed.test.echo");
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    const { job } = await amqp.service.engine.submit(
      { type: "test.echo", parameters: { n: 1 } },
      { principal: local, origin: { traceparent } },
    );
    const [message] = await queue.count(1);

    const event = readCloudEvent(message!);
    expect(event.validate()).toBe(true);
    expect(event).toMatchObject({
      specversion: "1.0",
      id: `${job.id}:3`,
      source: "https://api.example/api/v2/jobs",
      type: "meanwhile.job.completed",
      subject: job.id,
      jobtype: "test.echo",
      traceparent,
      datacontenttype: "application/json",
      data: {
        jobId: job.id,
        seq: 3,
        type: "job.completed",
        status: "COMPLETED",
        at: event.time,
        attempt: 1,
        data: { result: { n: 1 } },
      },
    });
    expect(message!.properties).toMatchObject({
      deliveryMode: 2,
      messageId: `${job.id}:3`,
      correlationId: job.id,
      type: "meanwhile.job.completed",
      appId: "meanwhile",
      timestamp: Math.floor(Date.parse(event.time!) / 1_000),
    });
  });

  it("come by what was bound: one kind of event, one type of job", async () => {
    const { broker, amqp } = await given();
    const [all, ends, ofType] = [
      await broker.listen(),
      await broker.listen("job.completed.#"),
      await broker.listen("*.*.test.echo"),
    ];

    const id = await submit(amqp);
    await all.count(3);

    expect(keysOf(all.messages)).toEqual([
      "job.submitted.test.echo",
      "job.started.test.echo",
      "job.completed.test.echo",
    ]);
    expect((await ends.count(1)).map(idOf)).toEqual([`${id}:3`]);
    expect((await ofType.count(3)).map(idOf)).toEqual([`${id}:1`, `${id}:2`, `${id}:3`]);
  });

  it("that no queue wants are counted, not tried again, and leave nothing behind", async () => {
    const { amqp } = await given();
    const statuses: (number | null)[] = [];
    onTestFinished(subscribe("meanwhile:delivery", ({ statusCode }) => void statuses.push(statusCode)));

    const id = await submit(amqp);
    await until(() => statuses.length === 3, { what: "three deliveries are done" });

    expect(statuses).toEqual([312, 312, 312]);
    expect((await amqp.service.store.deliveries.list({ jobId: id, limit: 10 })).items).toEqual([]);
  });

  it("of many jobs come whole, and those of each in order", async () => {
    const { broker, amqp } = await given();
    const queue = await broker.listen();

    const ids = await Promise.all(Array.from({ length: 100 }, () => submit(amqp)));
    await queue.count(300);

    for (const id of ids) expect(seqsOf(queue.messages, id)).toEqual([1, 2, 3]);
    expect(queue.messages).toHaveLength(300);
  });

  it("that commit while the broker is away wait untried, and come in order once it is back", async () => {
    const proxy = await startHoldingProxy(BROKER_URL, "nothing");
    const { broker, amqp } = await given({ url: proxy.url });
    const queue = await broker.listen();

    proxy.block();
    await until(() => amqp.events.availability?.isAvailable === false, { what: "the loss is noticed" });
    const id = await submit(amqp);
    await until(async () => (await left(amqp, id)).length === 3, { what: "three events wait" });
    expect((await left(amqp, id)).map(({ attemptCount }) => attemptCount)).toEqual([0, 0, 0]);
    proxy.unblock();
    await queue.count(3);

    expect(seqsOf(queue.messages, id)).toEqual([1, 2, 3]);
    const told = amqp.logged.filter(({ fields }) => "purpose" in fields && fields.purpose === "events");
    expect(told.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      "warn: the broker is away; what it should be told waits, and it is tried again",
      "info: the broker is back",
    ]);
  });

  it("come at least once, in order, over connections that break again and again", async () => {
    const proxy = await startHoldingProxy(BROKER_URL, "nothing");
    const { broker, amqp } = await given({ url: proxy.url });
    const queue = await broker.listen();

    const ids: string[] = [];
    for (let round = 0; round < 5; round++) {
      ids.push(...(await Promise.all(Array.from({ length: 20 }, () => submit(amqp)))));
      proxy.cut();
    }
    const seen = () => new Set(queue.messages.map(idOf)).size;
    await until(() => seen() === 300, { what: "all 300 events came", limitMs: 15_000 });

    for (const id of ids) expect(withoutRepeats(seqsOf(queue.messages, id))).toEqual([1, 2, 3]);
  });

  it("go on after the exchange was deleted", async () => {
    const broker = await openBroker();
    const channel = await connectEvents({ prefix: broker.prefix });
    await (await broker.connection.createChannel()).deleteExchange(broker.names.events);

    const lost = await channel.send(makeSending("job.completed.x"), never);
    await isConnected(channel);
    const queue = await broker.listen();
    const sent = await channel.send(makeSending("job.completed.x"), never);

    expect(lost).toMatchObject({ outcome: "failed", error: expect.stringMatching(/no exchange/) });
    expect(sent).toMatchObject({ outcome: "accepted", statusCode: null });
    await queue.count(1);
  });

  it("that the broker does not confirm in time have failed, and say so", async () => {
    const broker = await openBroker();
    const proxy = await startHoldingProxy(BROKER_URL, "job.completed.silent");
    const channel = await connectEvents({ url: proxy.url, prefix: broker.prefix, confirmTimeoutMs: 50 });

    expect(await channel.send(makeSending("job.completed.silent"), never)).toMatchObject({
      outcome: "failed",
      error: "The broker confirmed nothing within 50 ms.",
    });
    expect(channel.underWay).toBe(0);
  });

  it("say why they cannot be sent where the broker refuses the credentials, without showing them", async () => {
    const broker = await openBroker();
    const url = new URL(BROKER_URL);
    url.password = "wrong-secret";
    const amqp = await startAmqp({ jobs: [echo], prefix: broker.prefix, url: url.href });

    await until(() => amqp.events.fault, { what: "the refusal is known", limitMs: 10_000 });

    expect(amqp.events.fault).toMatch(/ACCESS.REFUSED/i);
    expect(JSON.stringify(amqp.logged)).not.toContain("wrong-secret");
  });

  it("use an exchange that is there already as it is", async () => {
    const broker = await openBroker();
    const admin = await broker.connection.createChannel();
    await admin.assertExchange(broker.names.events, "topic", {
      durable: true,
      autoDelete: false,
      internal: false,
      arguments: { "alternate-exchange": "amq.fanout" },
    });

    const channel = await connectEvents({ prefix: broker.prefix });

    expect(await channel.send(makeSending("job.completed.x"), never)).toMatchObject({ outcome: "accepted" });
  });
});

async function given(options: { url?: string; linkBase?: string } = {}) {
  const broker = await openBroker();
  const amqp = await startAmqp({ jobs: [echo], prefix: broker.prefix, ...options });
  await isConnected(amqp.events);
  return { broker, amqp };
}

async function submit({ service }: TestAmqp): Promise<string> {
  return (await service.engine.submit({ type: "test.echo" }, { principal: local })).job.id;
}

async function left({ service }: TestAmqp, jobId: string) {
  return (await service.store.deliveries.list({ jobId, limit: 10 })).items;
}

/** By the attributes alone, as any reader of CloudEvents would. */
function readCloudEvent({ properties, content }: ConsumeMessage): CloudEvent<unknown> {
  const attributes = Object.entries(properties.headers ?? {}).flatMap(([name, value]) => {
    const found = /^cloudEvents[_:](.+)$/.exec(name);
    return found === null ? [] : [[found[1], value]];
  });
  return new CloudEvent({
    ...Object.fromEntries(attributes),
    datacontenttype: properties.contentType,
    data: JSON.parse(content.toString()),
  });
}

function idOf({ properties }: ConsumeMessage): string {
  return String(properties.messageId);
}

function keysOf(messages: readonly ConsumeMessage[]): readonly string[] {
  return messages.map(({ fields }) => fields.routingKey);
}

function seqsOf(messages: readonly ConsumeMessage[], jobId: string): readonly number[] {
  return messages.flatMap((message) => {
    const [id, seq] = idOf(message).split(":");
    return id === jobId ? [Number(seq)] : [];
  });
}

/** What a reader is left with that keeps the ids of what it has read. */
function withoutRepeats(seqs: readonly number[]): readonly number[] {
  return [...new Set(seqs)];
}
