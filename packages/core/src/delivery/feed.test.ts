// A feed: told every event of every job without being asked, at its own pace, and only while it can be reached.
import { Gate, ManualClock, until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { defineJob } from "../definition/define-job.js";
import { createScriptedChannel, type ScriptedChannel, sent } from "../testing/scripted-channel.js";
import { nextTurns, startTestService, type TestService } from "../testing/test-service.js";
import type { PushChannel } from "./channel.js";

describe("a feed", () => {
  it("is told every event of a job, in order, unsigned, with what names it", async () => {
    const { channel, service } = await given();

    const job = await service.submit("echo", { a: 1 });
    await told(service, channel, 3);

    expect(channel.sendings.map(({ target, event, secrets }) => ({ target, event, secrets }))).toMatchObject([
      { target: "job.submitted.echo", event: { jobId: job.id, seq: 1, type: "job.submitted" }, secrets: [] },
      { target: "job.started.echo", event: { jobId: job.id, seq: 2, type: "job.started" }, secrets: [] },
      { target: "job.completed.echo", event: { jobId: job.id, seq: 3, type: "job.completed" }, secrets: [] },
    ]);
    expect(JSON.parse(channel.sendings[2]!.body)).toEqual({
      jobId: job.id,
      seq: 3,
      type: "job.completed",
      status: "COMPLETED",
      at: expect.any(String),
      attempt: 1,
      data: { result: { a: 1 } },
    });
  });

  it("leaves no row of what was delivered", async () => {
    const { channel, service } = await given();

    const job = await service.submit("echo");
    await told(service, channel, 3);
    await until(async () => (await left(service, job.id)).length === 0, { what: "nothing is left" });

    expect(await left(service, job.id)).toEqual([]);
  });

  it("has a schedule of its own beside that of the webhooks", async () => {
    const clock = new ManualClock();
    const scripted = createScriptedChannel({ answer: ({ attempt }) => sent(attempt === 1 ? "failed" : "accepted") });
    const { channel, service } = await given({
      channel: { ...feedOf(scripted), deliveryOptions: { scheduleMs: [70_000] } },
      scripted,
      clock,
    });

    await service.submit("echo");
    await until(async () => channel.sendings.length === 1, { what: "the first attempt" });
    await service.pass(60_000);
    expect(channel.sendings).toHaveLength(1);
    await service.pass(20_000);

    expect(channel.sendings[1]).toMatchObject({ attempt: 2, deliveryId: channel.sendings[0]!.deliveryId });
  });

  it("that is not available uses up no attempts, and is told everything once it is", async () => {
    const scripted = createScriptedChannel();
    let isAvailable = false;
    let listener = () => {};
    const availability = {
      get isAvailable() {
        return isAvailable;
      },
      onAvailable(given: () => void) {
        listener = given;
        return () => {};
      },
    };
    const { channel, service } = await given({ channel: { ...feedOf(scripted), availability }, scripted });
    const job = await service.submit("echo");
    await service.reaches(job.id, "COMPLETED");
    await service.pass(300_000);
    expect(channel.sendings).toEqual([]);
    expect((await left(service, job.id)).map(({ status, attemptCount }) => ({ status, attemptCount }))).toEqual(
      Array(3).fill({ status: "PENDING", attemptCount: 0 }),
    );

    isAvailable = true;
    listener();
    await told(service, channel, 3);

    expect(channel.sendings.map(({ event }) => event.seq)).toEqual([1, 2, 3]);
  });

  it("that is slow holds up no webhook", async () => {
    const gate = new Gate();
    const slow = createScriptedChannel({
      answer: async () => {
        await gate.passed;
        return sent("accepted");
      },
    });
    const webhooks = createScriptedChannel();
    const service = await startTestService([echo], {
      pushChannels: [webhooks, feedOf(slow)],
      delivery: { concurrency: 1 },
    });

    await service.submit("echo", {}, { webhook: { url: "https://a.example/" } });
    await until(async () => webhooks.sendings.length === 1, { what: "the webhook is sent" });

    expect(slow.underWay).toBe(1);
    gate.open();
  });
});

const echo = defineJob({ type: "echo", run: async ({ parameters }) => parameters });

function feedOf(scripted: ScriptedChannel): PushChannel {
  return { ...scripted, name: "queue", isFeed: true };
}

interface Given {
  channel?: PushChannel;
  scripted?: ScriptedChannel;
  clock?: ManualClock;
}

async function given({ scripted = createScriptedChannel(), channel = feedOf(scripted), clock }: Given = {}) {
  const service = await startTestService([echo], {
    pushChannels: [channel],
    ...(clock === undefined ? {} : { clock }),
  });
  return { channel: scripted, service };
}

function told(service: TestService, { sendings }: ScriptedChannel, count: number): Promise<unknown> {
  return until(
    async () => {
      await nextTurns();
      return service !== undefined && sendings.length === count;
    },
    { what: `${count} sendings` },
  );
}

async function left({ store }: TestService, jobId: string) {
  return (await store.deliveries.list({ jobId, limit: 100 })).items;
}
