// Webhooks under fire: receivers that do everything wrong that a receiver can do. Nothing is lost, the order of each job is
// kept, a delivery keeps its id, every sending verifies, and nothing goes where it may not.
import { join } from "node:path";
import { type DeliveryResource, type JobEventType, toInstantText } from "@meanwhile/protocol";
import { Gate, until } from "@meanwhile/store-testkit";
import { createMeanwhile, defineJob, type Meanwhile } from "meanwhile";
import { Webhook } from "standardwebhooks";
import { describe, expect, it, onTestFinished } from "vitest";
import { testFolder } from "../harness/folder.js";
import { accept, type Behaviour, type Hook, startHookReceiver } from "../harness/hook-receiver.js";

const EVENTS: readonly JobEventType[] = ["job.submitted", "job.started", "job.completed"];
/** Longer than the worst of these receivers keeps failing. */
const SCHEDULE_MS = Array.from({ length: 50 }, () => 20);
const SEND_TIMEOUT_MS = 250;
const SECRET = `whsec_${Buffer.alloc(32, 3).toString("base64")}`;

const echo = defineJob({ type: "echo", run: ({ parameters }) => parameters });
const LOCAL = { principal: { owner: "local", name: "local", scopes: null, expiresAt: null, credentialId: null } };

async function start({ scheduleMs = SCHEDULE_MS } = {}): Promise<Meanwhile> {
  const folder = testFolder();
  const meanwhile = await createMeanwhile({
    jobs: [echo],
    store: `sqlite:${join(folder, "meanwhile.db")}`,
    files: join(folder, "files"),
    webhooks: { allowPrivateTargets: ["127.0.0.1"], scheduleMs, timeoutMs: SEND_TIMEOUT_MS },
  });
  onTestFinished(() => meanwhile.stop({ graceMs: 1_000 }));
  await meanwhile.start();
  return meanwhile;
}

async function submitMany(meanwhile: Meanwhile, count: number, url: string): Promise<readonly string[]> {
  const jobs = Array.from({ length: count }, (_, n) =>
    meanwhile.submit(echo, { n }, { webhook: { url: `${url}/jobs/${n}`, events: EVENTS, secret: SECRET } }),
  );
  return (await Promise.all(jobs)).map(({ id }) => id);
}

async function deliveriesOf(
  meanwhile: Meanwhile,
  filter: { jobId?: string; status?: DeliveryResource["status"] } = {},
) {
  return (await meanwhile.engine.webhooks.listDeliveries({ limit: 200, ...filter }, LOCAL)).items;
}

function allDelivered(meanwhile: Meanwhile, count: number) {
  return until(
    async () => {
      const delivered = await deliveriesOf(meanwhile, { status: "DELIVERED" });
      return delivered.length === count && delivered;
    },
    { what: `${count} deliveries are delivered`, limitMs: 60_000 },
  );
}

/** What must hold of everything that ever came, whatever happened. */
function expectPromisesKept(hooks: readonly Hook[], jobIds: readonly string[]): void {
  const idOf = new Map<string, string>();
  const accepted = new Map<string, number[]>();
  for (const { headers, text, body, wasAccepted } of hooks) {
    new Webhook(SECRET).verify(text, { ...headers });
    const { jobId, seq } = body.data.event;
    const key = `${jobId}:${seq}`;
    // One id for each event, on every attempt.
    expect(idOf.get(key) ?? headers["webhook-id"], key).toBe(headers["webhook-id"]);
    idOf.set(key, headers["webhook-id"]!);
    const before = accepted.get(jobId) ?? [];
    // What comes is the event behind those that were taken: never one further on.
    expect(seq, `what came after ${before} of ${jobId}`).toBe(before.length + 1);
    if (wasAccepted) accepted.set(jobId, [...before, seq]);
  }
  expect(new Set(idOf.values()).size).toBe(idOf.size);
  expect(accepted).toEqual(new Map(jobIds.map((id) => [id, EVENTS.map((_, index) => index + 1)])));
}

describe("webhooks under fire", () => {
  it("all arrive, in order, although the receiver does everything wrong at first", async () => {
    const meanwhile = await start();
    const receiver = await startHookReceiver();
    const inside = await startHookReceiver("127.0.0.2");
    const wrongs = misbehaviours({ elsewhere: `${receiver.url}/elsewhere`, inside: inside.url });
    const met = new Set<string>();
    let turn = 0;
    receiver.behave((response, hook) => {
      if (hook.earlier >= 2) return accept(response, hook);
      const [name, behaviour] = wrongs[turn++ % wrongs.length]!;
      met.add(name);
      behaviour(response, hook);
    });

    const ids = await submitMany(meanwhile, 10, receiver.url);
    const delivered = await allDelivered(meanwhile, ids.length * EVENTS.length);

    expect([...met].sort()).toEqual(wrongs.map(([name]) => name).sort());
    expectPromisesKept(receiver.hooks, ids);
    for (const { attemptCount } of delivered) expect(attemptCount).toBe(3);
    expect(receiver.hooks.filter(({ path }) => !path.startsWith("/jobs/"))).toEqual([]);
    expect(inside.connectionCount).toBe(0);
  }, 90_000);

  it("wait for a receiver that is away, and all arrive once it is back", async () => {
    const meanwhile = await start();
    const receiver = await startHookReceiver();
    await receiver.goAway();

    const ids = await submitMany(meanwhile, 5, receiver.url);
    await until(
      async () =>
        (await deliveriesOf(meanwhile, { status: "RETRY_PENDING" })).some(({ attemptCount }) => attemptCount >= 3),
      { what: "it was tried while nobody was there" },
    );
    expect(receiver.hooks).toEqual([]);
    await receiver.comeBack();
    await allDelivered(meanwhile, ids.length * EVENTS.length);

    expectPromisesKept(receiver.hooks, ids);
    const [delivery] = await deliveriesOf(meanwhile, { jobId: ids[0]! });
    const { attempts } = await meanwhile.engine.webhooks.getDelivery(delivery!.id, LOCAL);
    expect(attempts.at(-1)).toMatchObject({ statusCode: 204, error: null });
  }, 60_000);

  it("that nobody takes are given up, and all come by recover, under their first ids", async () => {
    const meanwhile = await start({ scheduleMs: [1] });
    const receiver = await startHookReceiver();
    receiver.behave((response) => void response.writeHead(503).end());
    const { endpoint } = await meanwhile.engine.webhooks.createEndpoint(
      { url: receiver.url, events: EVENTS, secret: SECRET },
      LOCAL,
    );
    const since = toInstantText(endpoint.createdAt);
    const ids = await Promise.all(Array.from({ length: 4 }, async (_, n) => (await meanwhile.submit(echo, { n })).id));
    const count = ids.length * EVENTS.length;
    await until(async () => (await deliveriesOf(meanwhile, { status: "EXHAUSTED" })).length === count, {
      what: "all are given up",
      limitMs: 20_000,
    });
    const first = new Set(receiver.hooks.map(({ headers }) => headers["webhook-id"]));

    receiver.behave(accept);
    await meanwhile.engine.webhooks.recover(endpoint.id, { since }, LOCAL);
    await allDelivered(meanwhile, count);

    const accepted = receiver.hooks.filter(({ wasAccepted }) => wasAccepted);
    expect(new Set(accepted.map(({ headers }) => headers["webhook-id"]))).toEqual(first);
    expect(accepted).toHaveLength(count);
  }, 60_000);

  it("stop at a standing endpoint that answers 410, and nowhere else", async () => {
    const meanwhile = await start();
    const gone = await startHookReceiver();
    const other = await startHookReceiver();
    gone.behave((response) => void response.writeHead(410).end());
    const { endpoint } = await meanwhile.engine.webhooks.createEndpoint({ url: gone.url }, LOCAL);
    await meanwhile.engine.webhooks.createEndpoint({ url: other.url }, LOCAL);

    const first = await meanwhile.submit(echo, {});
    await until(async () => !(await meanwhile.engine.webhooks.getEndpoint(endpoint.id, LOCAL)).enabled, {
      what: "the endpoint is disabled",
    });
    const second = await meanwhile.submit(echo, {});
    await until(() => other.hooks.length === 2, { what: "the other endpoint has both" });

    expect(gone.hooks.map(({ body }) => body.data.job.id)).toEqual([first.id]);
    expect(new Set(other.hooks.map(({ body }) => body.data.job.id))).toEqual(new Set([first.id, second.id]));
    expect(await deliveriesOf(meanwhile, { status: "STOPPED" })).toMatchObject([{ jobId: first.id }]);
    const { disabledReason } = await meanwhile.engine.webhooks.getEndpoint(endpoint.id, LOCAL);
    expect(disabledReason).toMatch(/410/);
  });

  it("are signed with both secrets after a rotation, also those that were waiting", async () => {
    const meanwhile = await start();
    const receiver = await startHookReceiver();
    receiver.behave((response) => void response.writeHead(500).end());
    const { endpoint, secret: old } = await meanwhile.engine.webhooks.createEndpoint({ url: receiver.url }, LOCAL);
    await meanwhile.submit(echo, {});
    await until(() => receiver.hooks.length > 0, { what: "the old secret has signed" });

    const { secret } = await meanwhile.engine.webhooks.rotateSecret(endpoint.id, LOCAL);
    receiver.behave(accept);
    const { headers, text } = await until(() => receiver.hooks.find(({ wasAccepted }) => wasAccepted), {
      what: "it is taken",
    });

    const [{ headers: before, text: first } = expect.fail("nothing came")] = receiver.hooks;
    new Webhook(old).verify(first, { ...before });
    expect(() => new Webhook(secret).verify(first, { ...before })).toThrow("No matching signature");
    for (const each of [old, secret]) new Webhook(each).verify(text, { ...headers });
    expect(headers["webhook-id"]).toBe(before["webhook-id"]);
  });

  it("hold up nobody: a silent receiver takes none of the others' time", async () => {
    const meanwhile = await start();
    const silent = await startHookReceiver();
    const quick = await startHookReceiver();
    const over = new Gate();
    silent.behave((response) => void over.passed.then(() => response.end()));
    await submitMany(meanwhile, 30, silent.url);
    await until(() => silent.hooks.length > 0, { what: "the silent one has something" });

    const ids = await submitMany(meanwhile, 5, quick.url);
    await until(() => quick.hooks.length === ids.length * EVENTS.length, { what: "the quick one has everything" });

    expectPromisesKept(quick.hooks, ids);
    over.open();
  });
});

/** Everything that a receiver can do wrong, by name. */
function misbehaviours(to: { elsewhere: string; inside: string }): readonly (readonly [string, Behaviour])[] {
  const redirect =
    (location: string): Behaviour =>
    (response) =>
      void response.writeHead(301, { location }).end();
  return [
    ["answers 500", (response) => void response.writeHead(500).end("oops")],
    ["never answers", () => {}],
    ["redirects to itself", redirect(to.elsewhere)],
    ["answers 429", (response) => void response.writeHead(429, { "retry-after": "3600" }).end()],
    ["redirects inside", redirect(to.inside)],
    ["hangs after its head", (response) => void response.writeHead(200).flushHeaders()],
    ["resets the connection", (response) => void response.socket?.resetAndDestroy()],
    [
      "closes in the middle of its body",
      (response) => void response.writeHead(200).write("half", () => response.destroy()),
    ],
    ["answers nonsense", (response) => void response.socket?.end("this is no HTTP\r\n\r\n")],
    [
      "answers 503 until yesterday",
      (response) => void response.writeHead(503, { "retry-after": "Sat, 21 Nov 2026 09:00:00 GMT" }).end(),
    ],
  ];
}
