// The verbs of webhooks: what they check, whom they answer, what stays secret.
import { ManualClock, until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { defineJob } from "../definition/define-job.js";
import type { Principal } from "../principal/principal.js";
import { createHeldJob } from "../testing/held-job.js";
import { createScriptedChannel, sent } from "../testing/scripted-channel.js";
import { nextTurns, startTestService } from "../testing/test-service.js";

const HOOK = "https://receiver.example/hooks";
const SECRET = /^whsec_[A-Za-z0-9+/]{43}=$/;
const DAY_MS = 86_400_000;

const someone = (owner: string, scopes: readonly string[] | null = null): Principal => ({
  owner,
  name: owner,
  scopes,
  expiresAt: null,
  credentialId: null,
});
const acme = { principal: someone("acme") };
const globex = { principal: someone("globex") };

describe("an endpoint", () => {
  it("is made with a secret that is shown once, and with what was left out", async () => {
    const { webhooks } = await given();

    const { endpoint, secret } = await webhooks.createEndpoint({ url: HOOK }, acme);

    expect(secret).toMatch(SECRET);
    expect(endpoint).toMatchObject({
      owner: "acme",
      url: HOOK,
      types: null,
      events: ["job.completed", "job.failed", "job.cancelled", "job.rollback_completed"],
      enabled: true,
      disabledReason: null,
    });
    expect(await webhooks.getEndpoint(endpoint.id, acme)).toEqual(endpoint);
    expect(JSON.stringify(await webhooks.listEndpoints({ limit: 10 }, acme))).not.toContain("whsec_");
  });

  it.each([
    { input: "https://a.example", pointer: "#" },
    { input: {}, pointer: "#/url" },
    { input: { url: "ftp://a.example" }, pointer: "#/url" },
    { input: { url: HOOK, events: [] }, pointer: "#/events" },
    { input: { url: HOOK, events: ["job.done"] }, pointer: "#/events" },
    { input: { url: HOOK, types: [] }, pointer: "#/types" },
    { input: { url: HOOK, secret: "whsec_c2hvcnQ=" }, pointer: "#/secret" },
    { input: { url: HOOK, enabled: "yes" }, pointer: "#/enabled" },
    { input: { url: HOOK, owner: "globex" }, pointer: "#/owner" },
    { input: { url: "https://private.example/" }, pointer: "#/url" },
  ])("is refused at $pointer for $input", async ({ input, pointer }) => {
    const { webhooks } = await given();

    await expect(webhooks.createEndpoint(input, acme)).rejects.toMatchObject({
      code: "invalid_parameters",
      faults: [{ pointer }],
    });
  });

  it("changes by what is given; its secret does not change so", async () => {
    const { webhooks } = await given();
    const { endpoint } = await webhooks.createEndpoint({ url: HOOK, types: ["echo"] }, acme);

    const changed = await webhooks.updateEndpoint(endpoint.id, { types: null, events: ["job.failed"] }, acme);

    expect(changed).toEqual({ ...endpoint, types: null, events: ["job.failed"], updatedAt: expect.any(Number) });
    await expect(webhooks.updateEndpoint(endpoint.id, { secret: "whsec_" }, acme)).rejects.toMatchObject({
      faults: [{ pointer: "#/secret" }],
    });
    await expect(webhooks.updateEndpoint(endpoint.id, { url: "https://private.example/" }, acme)).rejects.toMatchObject(
      {
        faults: [{ pointer: "#/url" }],
      },
    );
  });

  it("that is disabled or removed gets nothing more, not even what is queued", async () => {
    for (const end of ["disable", "remove"] as const) {
      const { webhooks, service, channel } = await given({ answer: () => sent("failed") });
      const { endpoint } = await webhooks.createEndpoint({ url: HOOK }, acme);
      await service.engine.submit({ type: "echo" }, acme);
      await until(
        async () => (await webhooks.listDeliveries({ limit: 1 }, acme)).items[0]?.status === "RETRY_PENDING",
        { what: "it has failed once" },
      );

      if (end === "remove") await webhooks.removeEndpoint(endpoint.id, acme);
      else await webhooks.updateEndpoint(endpoint.id, { enabled: false }, acme);
      await service.pass(10_000);

      const [delivery] = (await webhooks.listDeliveries({ limit: 1 }, acme)).items;
      expect(delivery).toMatchObject({ status: "STOPPED", attemptCount: 1 });
      expect(channel.sendings).toHaveLength(1);
      await expect(webhooks.retryDelivery(delivery!.id, acme)).rejects.toMatchObject({ code: "conflict" });
    }
  });

  it("gets no more company than one owner may have", async () => {
    const { webhooks } = await given();
    for (let n = 0; n < 100; n++) await webhooks.createEndpoint({ url: HOOK }, acme);

    await expect(webhooks.createEndpoint({ url: HOOK }, acme)).rejects.toMatchObject({ code: "quota_exceeded" });
    await webhooks.createEndpoint({ url: HOOK }, globex);
  });

  it("that was answered misses nothing that is committed from then on, also of jobs that run already", async () => {
    const held = createHeldJob();
    const channel = createScriptedChannel();
    const service = await startTestService([held.definition], { pushChannels: [channel] });
    const { job } = await service.engine.submit({ type: "held" }, acme);
    const attempt = await held.attempt(1);

    const { endpoint } = await service.engine.webhooks.createEndpoint({ url: HOOK }, acme);
    attempt.complete("done");
    await until(() => channel.sendings.length === 1, { what: "it is told of the end" });

    const { items } = await service.engine.webhooks.listDeliveries({ limit: 10 }, acme);
    expect(items).toMatchObject([{ jobId: job.id, endpointId: endpoint.id, eventType: "job.completed" }]);
  });
});

describe("a secret", () => {
  it("that is rotated signs along for a day", async () => {
    const { webhooks, service, channel } = await given();
    const { endpoint, secret: before } = await webhooks.createEndpoint({ url: HOOK }, acme);
    const { secret: after } = await webhooks.rotateSecret(endpoint.id, acme);
    const send = async (count: number) => {
      await service.engine.submit({ type: "echo" }, acme);
      await until(async () => nextTurns().then(() => channel.sendings.length === count), { what: `sending ${count}` });
    };

    await send(1);
    await service.pass(1_000);
    service.clock.advance(DAY_MS);
    await send(2);

    expect(after).toMatch(SECRET);
    expect(channel.sendings.map(({ secrets }) => secrets)).toEqual([[after, before], [after]]);
  });

  it("of an owner is made at first use, and stays", async () => {
    const { webhooks } = await given();

    const { secret } = await webhooks.ownSecret(acme);

    expect(secret).toMatch(SECRET);
    expect(await webhooks.ownSecret(acme)).toEqual({ secret });
    expect(await webhooks.ownSecret(globex)).not.toEqual({ secret });
  });
});

describe("what belongs to another owner", () => {
  it("answers as if it did not exist, by every verb", async () => {
    const { webhooks, service } = await given();
    const { endpoint } = await webhooks.createEndpoint({ url: HOOK }, acme);
    await service.engine.submit({ type: "echo" }, acme);
    const delivery = await until(async () => (await webhooks.listDeliveries({ limit: 1 }, acme)).items[0], {
      what: "a delivery",
    });
    const since = { since: "2020-01-01T00:00:00.000Z" };

    const refused = { code: "not_found" };
    await expect(webhooks.getEndpoint(endpoint.id, globex)).rejects.toMatchObject(refused);
    await expect(webhooks.updateEndpoint(endpoint.id, { enabled: false }, globex)).rejects.toMatchObject(refused);
    await expect(webhooks.removeEndpoint(endpoint.id, globex)).rejects.toMatchObject(refused);
    await expect(webhooks.rotateSecret(endpoint.id, globex)).rejects.toMatchObject(refused);
    await expect(webhooks.recover(endpoint.id, since, globex)).rejects.toMatchObject(refused);
    await expect(webhooks.getDelivery(delivery.id, globex)).rejects.toMatchObject(refused);
    await expect(webhooks.retryDelivery(delivery.id, globex)).rejects.toMatchObject(refused);
    await expect(webhooks.getDelivery("no-uuid", acme)).rejects.toMatchObject(refused);
    expect((await webhooks.listEndpoints({ limit: 10 }, globex)).items).toEqual([]);
    expect((await webhooks.listDeliveries({ limit: 10, jobId: delivery.jobId }, globex)).items).toEqual([]);
    expect(await webhooks.getEndpoint(endpoint.id, acme)).toMatchObject({ enabled: true });
  });

  it("is seen by an administrator of jobs as far as deliveries go", async () => {
    const { webhooks, service } = await given();
    await webhooks.createEndpoint({ url: HOOK }, acme);
    await service.engine.submit({ type: "echo" }, acme);
    const admin = { principal: someone("operations", ["jobs:admin", "jobs:read"]) };

    const { id } = await until(async () => (await webhooks.listDeliveries({ limit: 1 }, admin)).items[0], {
      what: "a delivery",
    });

    expect(await webhooks.getDelivery(id, admin)).toMatchObject({ owner: "acme" });
  });
});

describe("scopes", () => {
  const reader = { principal: someone("acme", ["jobs:read"]) };
  const manager = { principal: someone("acme", ["webhooks:manage"]) };

  it("webhooks:manage is needed for endpoints, secrets and retries; jobs:read for deliveries", async () => {
    const { webhooks } = await given();
    const refused = { code: "forbidden" };

    await expect(webhooks.createEndpoint({ url: HOOK }, reader)).rejects.toMatchObject(refused);
    await expect(webhooks.listEndpoints({ limit: 1 }, reader)).rejects.toMatchObject(refused);
    await expect(webhooks.getEndpoint("e", reader)).rejects.toMatchObject(refused);
    await expect(webhooks.updateEndpoint("e", {}, reader)).rejects.toMatchObject(refused);
    await expect(webhooks.removeEndpoint("e", reader)).rejects.toMatchObject(refused);
    await expect(webhooks.rotateSecret("e", reader)).rejects.toMatchObject(refused);
    await expect(webhooks.recover("e", {}, reader)).rejects.toMatchObject(refused);
    await expect(webhooks.ownSecret(reader)).rejects.toMatchObject(refused);
    await expect(webhooks.retryDelivery("d", reader)).rejects.toMatchObject(refused);
    await expect(webhooks.listDeliveries({ limit: 1 }, manager)).rejects.toMatchObject(refused);
    await expect(webhooks.getDelivery("d", manager)).rejects.toMatchObject(refused);
    await expect(webhooks.createEndpoint({ url: HOOK }, manager)).resolves.toBeDefined();
  });
});

describe("a retry", () => {
  it("sends again what was delivered, and refuses what stands behind another", async () => {
    const { webhooks, service, channel } = await given({ answer: (n) => sent(n === 2 ? "failed" : "accepted") });
    const webhook = { url: HOOK, events: ["job.started", "job.completed"] };
    await service.engine.submit({ type: "echo", webhook: { url: HOOK } }, acme);
    await until(() => channel.sendings.length === 1, { what: "it was sent" });
    const [delivered] = (await webhooks.listDeliveries({ limit: 1 }, acme)).items;
    const { job } = await service.engine.submit({ type: "echo", webhook }, acme);
    const waiting = await until(
      async () =>
        (await webhooks.listDeliveries({ jobId: job.id, limit: 9 }, acme)).items.find(
          ({ eventType }) => eventType === "job.completed",
        ),
      { what: "one waits" },
    );
    await until(() => channel.sendings.length === 2, { what: "the one before it has failed" });
    await nextTurns(10);

    await expect(webhooks.retryDelivery(waiting.id, acme)).rejects.toMatchObject({ code: "conflict" });
    await webhooks.retryDelivery(delivered!.id, acme);

    await until(() => channel.sendings.length === 3, { what: "it is sent again" });
    expect(channel.sendings[2]).toEqual({ ...channel.sendings[0]!, attempt: 2 });
  });
});

async function given({ answer }: { answer?: (count: number) => ReturnType<typeof sent> } = {}) {
  const channel = createScriptedChannel({
    ...(answer === undefined ? {} : { answer: () => answer(channel.sendings.length) }),
    refuse: (target) => (target.includes("private") ? "It resolves to a private address." : undefined),
  });
  const echo = defineJob({ type: "echo", run: async ({ parameters }) => parameters });
  const service = await startTestService([echo], { clock: new ManualClock(), pushChannels: [channel] });
  return { channel, service, webhooks: service.engine.webhooks };
}
