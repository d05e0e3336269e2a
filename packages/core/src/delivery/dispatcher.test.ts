// From an event to a receiver: sent at once, again when it failed, in order, within limits, and never lost by a stop.
import { Gate, ManualClock, until } from "@meanwhile/store-testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { defineJob } from "../definition/define-job.js";
import { AppError } from "../errors.js";
import { subscribe } from "../instrument.js";
import { LOCAL_PRINCIPAL } from "../principal/principal.js";
import { createMemoryStore } from "../store/memory-store.js";
import type { Store } from "../store/store.js";
import { type Answer, createScriptedChannel, sent } from "../testing/scripted-channel.js";
import { nextTurns, startTestService, type TestServiceOptions } from "../testing/test-service.js";
import type { Delivery } from "./webhooks.js";

const HOOK = "https://receiver.example/hooks";
const principal = LOCAL_PRINCIPAL;

describe("a delivery", () => {
  it("is sent once its event is committed, signed for the owner, with the job as it is then", async () => {
    const { service, channel } = await given({ linkBase: "https://api.example" });
    const { secret } = await service.engine.webhooks.ownSecret({ principal });

    const { id } = await service.submit("echo", { a: 1 }, { webhook: { url: HOOK } });
    const [delivery] = await finished(service, id, 1);

    expect(channel.sendings).toMatchObject([
      { deliveryId: delivery!.id, target: HOOK, secrets: [secret], attempt: 1, traceparent: null },
    ]);
    const job = await service.job(id);
    expect(JSON.parse(channel.sendings[0]!.body)).toEqual({
      type: "job.completed",
      timestamp: new Date(job.completedAt!).toISOString(),
      data: {
        job: expect.objectContaining({
          id,
          status: "COMPLETED",
          result: { a: 1 },
          webhookEnabled: true,
          statusUrl: `https://api.example/api/v2/jobs/${id}`,
        }),
        event: {
          jobId: id,
          seq: 3,
          type: "job.completed",
          status: "COMPLETED",
          at: expect.any(String),
          attempt: 1,
          data: { result: { a: 1 } },
        },
      },
    });
    expect(delivery).toMatchObject({
      status: "DELIVERED",
      attemptCount: 1,
      attempts: [{ statusCode: 204, durationMs: 5 }],
    });
  });

  it("that fails is sent again by the schedule, with the same id and body, and is then given up", async () => {
    const { service, channel } = await given({
      answer: () => sent("failed"),
      delivery: { scheduleMs: [5_000, 30_000] },
      random: () => 0.5,
    });
    const { id } = await service.submit("echo", {}, { webhook: { url: HOOK } });
    await until(() => channel.sendings.length === 1, { what: "the first sending" });
    await nextTurns(10);

    await service.pass(4_900);
    expect(channel.sendings).toHaveLength(1);
    await service.pass(200);
    expect(channel.sendings).toHaveLength(2);
    await service.pass(30_200);

    expect(channel.sendings.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(new Set(channel.sendings.map(({ deliveryId, body }) => deliveryId + body)).size).toBe(1);
    expect(await deliveries(service, id)).toMatchObject([
      { status: "EXHAUSTED", attemptCount: 3, nextAttemptAt: null },
    ]);
    await service.pass(100_000);
    expect(channel.sendings).toHaveLength(3);
  });

  it("waits for the earlier events of its job, however often these are tried", async () => {
    const answers = [sent("failed"), sent("accepted"), sent("accepted")];
    const { service, channel } = await given({ answer: () => answers.shift()!, delivery: { scheduleMs: [5_000] } });
    const webhook = { url: HOOK, events: ["job.started", "job.completed"] };

    const { id } = await service.submit("echo", {}, { webhook });
    await service.reaches(id, "COMPLETED");
    await nextTurns(10);
    expect(sentTypes(channel)).toEqual(["job.started"]);
    await service.pass(5_000);

    expect(sentTypes(channel)).toEqual(["job.started", "job.started", "job.completed"]);
  });

  it("goes on to the later events when the earlier one is given up", async () => {
    const answers = [sent("failed"), sent("accepted")];
    const { service, channel } = await given({ answer: () => answers.shift()!, delivery: { scheduleMs: [] } });

    const { id } = await service.submit(
      "echo",
      {},
      { webhook: { url: HOOK, events: ["job.started", "job.completed"] } },
    );
    await finished(service, id, 2);

    expect(sentTypes(channel)).toEqual(["job.started", "job.completed"]);
    expect((await deliveries(service, id)).map(({ status }) => status)).toEqual(["DELIVERED", "EXHAUSTED"]);
  });

  it("that nobody answers in time has failed, even where the channel does not obey its signal", async () => {
    const { service, channel } = await given({
      answer: () => new Promise(() => {}),
      delivery: { sendTimeoutMs: 1_000 },
    });
    const { id } = await service.submit("echo", {}, { webhook: { url: HOOK } });
    await until(() => channel.sendings.length === 1, { what: "the sending has begun" });

    await service.pass(1_100);

    expect(await deliveries(service, id)).toMatchObject([
      { status: "RETRY_PENDING", attempts: [{ statusCode: null, error: "No answer within 1000 ms." }] },
    ]);
  });

  it("whose channel throws is tried again, and the fault is logged, not shown", async () => {
    const { service } = await given({ answer: () => Promise.reject(new Error("a secret of ours")) });
    const { id } = await service.submit("echo", {}, { webhook: { url: HOOK } });

    const [delivery] = await until(
      async () => orNothing((await deliveries(service, id)).filter(({ attemptCount }) => attemptCount === 1)),
      { what: "it was tried" },
    );

    expect(delivery).toMatchObject({
      status: "RETRY_PENDING",
      attempts: [{ error: "The sending failed on our side." }],
    });
    expect(service.logged).toContainEqual(expect.objectContaining({ level: "error" }));
  });

  it("is signed by the job's own secret where it brought one", async () => {
    const secret = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
    const { service, channel } = await given({});

    const { id } = await service.submit("echo", {}, { webhook: { url: HOOK, secret } });
    await finished(service, id, 1);

    expect(channel.sendings[0]!.secrets).toEqual([secret]);
  });
});

describe("a store that is away", () => {
  it("when a sending has ended is waited for: what was sent is not sent again", async () => {
    const clock = new ManualClock();
    const kept = createMemoryStore({ clock });
    let away = true;
    let refused = 0;
    const settle: Store["deliveries"]["settle"] = async (settlements) => {
      if (!away) return kept.deliveries.settle(settlements);
      refused++;
      throw new AppError("store_unavailable", { message: "The store is away." });
    };
    const store: Store = { ...kept, deliveries: { ...kept.deliveries, settle } };
    const { service, channel } = await given({ store, clock });
    const { id } = await service.submit("echo", {}, { webhook: { url: HOOK } });
    await until(() => refused === 1, { what: "the store has refused what became of it" });

    await service.pass(3_000);
    expect(refused).toBeGreaterThan(2);
    away = false;
    await service.pass(1_000);

    expect(await deliveries(service, id)).toMatchObject([{ status: "DELIVERED", attemptCount: 1 }]);
    expect(channel.sendings).toHaveLength(1);
  });
});

describe("receivers", () => {
  it("that are slow do not hold up the others", async () => {
    const gate = new Gate();
    const answer: Answer = async ({ target }) => {
      if (target.includes("slow")) await gate.passed;
      return sent("accepted");
    };
    const delivery = { concurrency: 4, perTargetConcurrency: 2, perOwnerConcurrency: 4 };
    const { service, channel } = await given({ answer, delivery });

    for (let n = 0; n < 6; n++) await service.submit("echo", {}, { webhook: { url: "https://slow.example/" } });
    await until(() => channel.underWay === 2, { what: "the slow one has its share" });
    const { id } = await service.submit("echo", {}, { webhook: { url: "https://quick.example/" } });
    await finished(service, id, 1);

    expect(channel.underWay).toBe(2);
    gate.open();
    await until(() => channel.sendings.length === 7, { what: "the slow ones come through, too" });
  });

  it("that are slow, all of one owner, do not hold up the other owners", async () => {
    const gate = new Gate();
    const answer: Answer = async ({ target }) => {
      if (target.includes("slow")) await gate.passed;
      return sent("accepted");
    };
    const { service, channel } = await given({ answer, delivery: { concurrency: 4, perTargetConcurrency: 2 } });

    for (let n = 0; n < 6; n++) await service.submit("echo", {}, { webhook: { url: `https://slow-${n}.example/` } });
    await until(() => channel.underWay === 2, { what: "the owner of slow ones has half of it" });
    const principal = { ...LOCAL_PRINCIPAL, owner: "somebody else" };
    const envelope = { type: "echo", parameters: {}, webhook: { url: "https://quick.example/" } };
    await service.engine.submit(envelope, { principal });
    await until(() => channel.sendings.some(({ target }) => target.includes("quick")), { what: "the other one's" });

    expect(channel.underWay).toBe(2);
    gate.open();
    await until(() => channel.sendings.length === 7, { what: "the slow ones come through, too" });
  });

  it("that are away get one sending at a time until they answer", async () => {
    let away = true;
    let most = 0;
    const gate = new Gate();
    const { service, channel } = await given({
      delivery: { probeAfterFailures: 3, perTargetConcurrency: 10, scheduleMs: [60_000] },
      answer: async () => {
        if (channel.sendings.length <= 3) return sent("failed");
        most = Math.max(most, channel.underWay);
        if (away) await gate.passed;
        return sent("accepted");
      },
    });
    for (let n = 0; n < 3; n++) await service.submit("echo", {}, { webhook: { url: HOOK } });
    await until(() => channel.sendings.length === 3 && channel.underWay === 0, { what: "three have failed" });
    await nextTurns(10);

    for (let n = 0; n < 5; n++) await service.submit("echo", {}, { webhook: { url: HOOK } });
    await until(() => channel.underWay === 1, { what: "one is tried" });
    await nextTurns(10);
    expect(channel.sendings).toHaveLength(4);
    away = false;
    gate.open();

    await until(() => channel.sendings.length === 8, { what: "the others follow" });
    expect(most).toBeGreaterThan(1);
  });

  it("that answer 410 are not asked again: the endpoint is disabled, with the reason, and its deliveries stop", async () => {
    const { service, channel } = await given({ answer: () => sent("gone") });
    const disabled: string[] = [];
    onTestFinished(subscribe("meanwhile:endpoint-disabled", ({ endpointId }) => disabled.push(endpointId)));
    const { endpoint } = await service.engine.webhooks.createEndpoint(
      { url: `${HOOK}?token=secret`, events: ["job.started", "job.completed"] },
      { principal },
    );

    const { id } = await service.submit("echo");
    await finished(service, id, 2);

    expect(channel.sendings).toHaveLength(1);
    expect((await deliveries(service, id)).map(({ status }) => status)).toEqual(["STOPPED", "STOPPED"]);
    expect(await service.engine.webhooks.getEndpoint(endpoint.id, { principal })).toMatchObject({
      enabled: false,
      disabledReason: "The receiver answered 410 Gone.",
    });
    expect(disabled).toEqual([endpoint.id]);
    // The log says which, and not the token that many addresses hold.
    expect(JSON.stringify(service.logged)).toContain(endpoint.id);
    expect(JSON.stringify(service.logged)).not.toContain("token=secret");
  });

  it("that failed for days are disabled; enabled again, they can have what they missed", async () => {
    let dead = true;
    const { service, channel } = await given({
      answer: () => sent(dead ? "failed" : "accepted"),
      delivery: { scheduleMs: [], disableAfterMs: 60_000, disableAfterFailures: 2 },
    });
    const { engine } = service;
    const { endpoint } = await engine.webhooks.createEndpoint({ url: HOOK }, { principal });
    const first = await service.submit("echo");
    await finished(service, first.id, 1);
    const second = await service.submit("echo");
    await finished(service, second.id, 1);
    expect(await engine.webhooks.getEndpoint(endpoint.id, { principal })).toMatchObject({ enabled: true });

    await service.pass(60_000);
    const third = await service.submit("echo");
    await finished(service, third.id, 1);
    await until(async () => !(await engine.webhooks.getEndpoint(endpoint.id, { principal })).enabled, {
      what: "it is disabled",
    });
    dead = false;
    await expect(
      engine.webhooks.recover(endpoint.id, { since: "2020-01-01T00:00:00.000Z" }, { principal }),
    ).rejects.toMatchObject({ code: "conflict" });
    const enabled = await engine.webhooks.updateEndpoint(endpoint.id, { enabled: true }, { principal });
    const { queued } = await engine.webhooks.recover(endpoint.id, { since: "2020-01-01T00:00:00.000Z" }, { principal });
    for (const { id } of [first, second, third]) {
      await until(async () => (await deliveries(service, id))[0]?.status === "DELIVERED", {
        what: `job ${id} is told after all`,
      });
    }

    expect(enabled).toMatchObject({ enabled: true, disabledReason: null });
    expect(queued).toBe(3);
    expect(channel.sendings).toHaveLength(6);
  });
});

describe("a stop", () => {
  it("waits for running sendings within its grace", async () => {
    const gate = new Gate();
    const { service, channel } = await given({
      answer: async () => {
        await gate.passed;
        return sent("accepted");
      },
    });
    const { id } = await service.submit("echo", {}, { webhook: { url: HOOK } });
    await until(() => channel.underWay === 1, { what: "it is being sent" });

    const stopping = service.stop({ graceMs: 10_000 });
    gate.open();
    await stopping;

    expect(await deliveries(service, id)).toMatchObject([{ status: "DELIVERED" }]);
    expect(channel.closed).toBe(true);
  });

  it("hands back what is still under way then: another process sends it at once", async () => {
    const first = await given({ answer: () => new Promise(() => {}) });
    const { id } = await first.service.submit("echo", {}, { webhook: { url: HOOK } });
    await until(() => first.channel.underWay === 1, { what: "it is being sent" });

    let stopped = false;
    const stopping = first.service.stop({ graceMs: 0 }).then(() => {
      stopped = true;
    });
    await until(
      () => {
        first.service.clock.advance(1);
        return stopped;
      },
      { what: "the service has stopped" },
    );
    await stopping;
    const second = await given({ store: first.service.store, clock: first.service.clock });
    const [delivery] = await finished(second.service, id, 1);

    expect(delivery).toMatchObject({ status: "DELIVERED", attemptCount: 1 });
    expect(second.channel.sendings[0]!.body).toBe(first.channel.sendings[0]!.body);
  });
});

interface Given extends TestServiceOptions {
  answer?: Answer;
}

async function given({ answer, clock = new ManualClock(), ...options }: Given) {
  const channel = createScriptedChannel(answer === undefined ? {} : { answer });
  const echo = defineJob({ type: "echo", run: async ({ parameters }) => parameters });
  const service = await startTestService([echo], { clock, pushChannels: [channel], ...options });
  return { channel, service };
}

type Service = Awaited<ReturnType<typeof given>>["service"];

/** Newest first. */
async function deliveries(service: Service, jobId: string): Promise<readonly Delivery[]> {
  return (await service.engine.webhooks.listDeliveries({ jobId, limit: 100 }, { principal })).items;
}

function finished(service: Service, jobId: string, count: number): Promise<readonly Delivery[]> {
  return until(
    async () => {
      await nextTurns();
      const found = await deliveries(service, jobId);
      return found.filter(({ finishedAt }) => finishedAt !== null).length === count ? found : undefined;
    },
    { what: `${count} deliveries are finished` },
  );
}

function orNothing<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

function sentTypes({ sendings }: { sendings: readonly { body: string }[] }): readonly string[] {
  return sendings.map(({ body }) => (JSON.parse(body) as { type: string }).type);
}
