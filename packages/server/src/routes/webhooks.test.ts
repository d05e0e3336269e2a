// /api/v2/webhooks: standing endpoints, secrets and deliveries, with a receiver on a real socket.
import type { DeliveryResource, WebhookEndpointResource } from "@meanwhile/protocol";
import { until } from "@meanwhile/store-testkit";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { parseApiKeys } from "../auth/fixed-keys.js";
import { startHookReceiver } from "../testing/receiver.js";
import { get, post, submit } from "../testing/requests.js";
import { startTestServer, type TestServer } from "../testing/test-server.js";

const ENDPOINTS = "/api/v2/webhooks/endpoints";
const DELIVERIES = "/api/v2/webhooks/deliveries";
const NOBODY = "0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d";
const TARGET = "https://hooks.example.com/a";
const SECRET = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

async function patch(server: TestServer, url: string, payload: object, headers: Record<string, string> = {}) {
  return server.app.inject({ method: "PATCH", url, payload, headers });
}

async function remove(server: TestServer, url: string, headers: Record<string, string> = {}) {
  return server.app.inject({ method: "DELETE", url, headers });
}

async function createEndpoint(
  server: TestServer,
  body: object,
  headers: Record<string, string> = {},
): Promise<WebhookEndpointResource & { secret: string }> {
  const answer = await post(server, ENDPOINTS, body, headers);
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json();
}

async function deliveriesOf(server: TestServer, query: string): Promise<readonly DeliveryResource[]> {
  return (await get(server, `${DELIVERIES}?${query}`)).json().items;
}

describe("standing endpoints", () => {
  it("are made with 201, and show their secret this once", async () => {
    const server = await startTestServer({ worker: false });

    const answer = await post(server, ENDPOINTS, { url: TARGET, types: ["test.echo"], secret: SECRET });

    const { id, secret, ...rest } = answer.json();
    expect(answer.statusCode).toBe(201);
    expect(answer.headers).toMatchObject({ location: `${ENDPOINTS}/${id}`, "cache-control": "no-store" });
    expect(secret).toBe(SECRET);
    expect(rest).toEqual({
      url: TARGET,
      types: ["test.echo"],
      events: ["job.completed", "job.failed", "job.cancelled", "job.rollback_completed"],
      enabled: true,
      disabledReason: null,
      createdAt: expect.stringMatching(/^\d{4}-.+Z$/),
      updatedAt: rest.createdAt,
    });
    const read = await get(server, `${ENDPOINTS}/${id}`);
    expect(read.json()).toEqual({ id, ...rest });
    expect(read.headers["cache-control"]).toBe("private, no-cache");
    expect((await get(server, ENDPOINTS)).body).not.toContain(SECRET);
  });

  it("get a secret where none is given", async () => {
    const server = await startTestServer({ worker: false });

    expect((await createEndpoint(server, { url: TARGET })).secret).toMatch(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/);
  });

  it("are listed newest first, page by page", async () => {
    const server = await startTestServer({ worker: false });
    const made: string[] = [];
    for (let count = 0; count < 5; count++)
      made.unshift((await createEndpoint(server, { url: `${TARGET}${count}` })).id);

    const seen: string[] = [];
    let next: string | undefined = `${ENDPOINTS}?limit=2`;
    while (next !== undefined) {
      const page = await get(server, next);
      seen.push(...page.json().items.map(({ id }: { id: string }) => id));
      const link = /^<(.+)>; rel="next"$/.exec(String(page.headers.link ?? ""))?.[1];
      expect(link === undefined).toBe(page.json().nextCursor === null);
      next = link;
    }

    expect(seen).toEqual(made);
  });

  it("are changed in what is given, and in nothing else", async () => {
    const server = await startTestServer({ worker: false });
    const { id, secret: _, ...before } = await createEndpoint(server, { url: TARGET, types: ["test.echo"] });

    const answer = await patch(server, `${ENDPOINTS}/${id}`, { enabled: false, events: ["job.started"] });

    expect(answer.statusCode).toBe(200);
    const changed = { id, ...before, enabled: false, events: ["job.started"], updatedAt: expect.any(String) };
    expect(answer.json()).toEqual(changed);
    expect((await get(server, `${ENDPOINTS}/${id}`)).json()).toEqual(changed);
    expect((await patch(server, `${ENDPOINTS}/${id}`, { types: null })).json()).toMatchObject({ types: null });
  });

  it("are removed with 204, and then are not there", async () => {
    const server = await startTestServer({ worker: false });
    const { id } = await createEndpoint(server, { url: TARGET });

    expect((await remove(server, `${ENDPOINTS}/${id}`)).statusCode).toBe(204);

    expect((await get(server, `${ENDPOINTS}/${id}`)).json()).toMatchObject({ status: 404, code: "not_found" });
    expect((await remove(server, `${ENDPOINTS}/${id}`)).statusCode).toBe(404);
  });

  it.each([
    [{}, "#/url"],
    [{ url: 7 }, "#/url"],
    [{ url: "http://127.0.0.2/" }, "#/url"],
    [{ url: "http://169.254.169.254/" }, "#/url"],
    [{ url: "http://user:password@example.com/" }, "#/url"],
    [{ url: "ftp://example.com/" }, "#/url"],
    [{ url: TARGET, events: ["job.exploded"] }, "#/events"],
    [{ url: TARGET, types: "test.echo" }, "#/types"],
    [{ url: TARGET, secret: "short" }, "#/secret"],
    [{ url: TARGET, enabled: "yes" }, "#/enabled"],
    [{ url: TARGET, more: 1 }, "#/more"],
    [[], "#"],
  ])("are refused as %j, at %s", async (body, pointer) => {
    const server = await startTestServer({ worker: false });

    const answer = await post(server, ENDPOINTS, body);

    expect(answer.json()).toMatchObject({ status: 422, code: "invalid_parameters" });
    expect(answer.json().errors.map((fault: { pointer: string }) => fault.pointer)).toContain(pointer);
    expect((await get(server, ENDPOINTS)).json().items).toEqual([]);
  });

  it.each([{ url: "http://127.0.0.2/" }, { secret: SECRET }, { id: NOBODY }, { events: [] }])(
    "are not changed to %j",
    async (change) => {
      const server = await startTestServer({ worker: false });
      const { id } = await createEndpoint(server, { url: TARGET });
      const before = (await get(server, `${ENDPOINTS}/${id}`)).json();

      expect((await patch(server, `${ENDPOINTS}/${id}`, change)).statusCode).toBe(422);

      expect((await get(server, `${ENDPOINTS}/${id}`)).json()).toEqual(before);
    },
  );
});

describe("deliveries", () => {
  it("of a job go to its own target and to the standing endpoints that want them, each signed with its secret", async () => {
    const server = await startTestServer();
    const own = await startHookReceiver();
    const standing = await startHookReceiver();
    const endpoint = await createEndpoint(server, { url: standing.url });
    await createEndpoint(server, { url: standing.url, types: ["test.form"] });
    const { secret } = (await get(server, "/api/v2/webhooks/secret")).json();

    const { id } = await submit(server, { type: "test.echo", webhook: { url: own.url } });
    await until(() => own.hooks.length === 1 && standing.hooks.length === 1, { what: "both have come" });

    const all = await until(
      async () => {
        const items = await deliveriesOf(server, `jobId=${id}`);
        return items.length === 2 && items.every(({ status }) => status === "DELIVERED") && items;
      },
      { what: "both are written down as delivered" },
    );
    expect(new Set(all.map(({ endpointId }) => endpointId))).toEqual(new Set([null, endpoint.id]));
    for (const [{ hooks }, key] of [
      [own, secret],
      [standing, endpoint.secret],
    ] as const) {
      const [{ headers, text, body } = expect.fail("nothing came")] = hooks;
      new Webhook(key).verify(text, headers);
      expect(body).toMatchObject({ type: "job.completed", data: { job: { id }, event: { jobId: id, seq: 3 } } });
      expect(all.map((delivery) => delivery.id)).toContain(headers["webhook-id"]);
    }
  });

  it("are filtered by job, status and endpoint, and read one by one with their attempts", async () => {
    const server = await startTestServer({ delivery: { scheduleMs: [] } });
    const receiver = await startHookReceiver();
    receiver.answer(500);
    const { id } = await submit(server, { type: "test.echo", webhook: { url: receiver.url } });

    const [delivery] = await until(
      async () => {
        const items = await deliveriesOf(server, `jobId=${id}&status=EXHAUSTED`);
        return items.length === 1 && items;
      },
      { what: "the delivery is given up" },
    );
    const one = await get(server, `${DELIVERIES}/${delivery!.id}`);

    expect(await deliveriesOf(server, "status=PENDING")).toEqual([]);
    expect(await deliveriesOf(server, `endpointId=${NOBODY}`)).toEqual([]);
    expect(delivery).toMatchObject({
      jobId: id,
      url: receiver.url,
      endpointId: null,
      attemptCount: 1,
      nextAttemptAt: null,
    });
    expect(delivery).not.toHaveProperty("attempts");
    expect(one.json()).toEqual({
      ...delivery,
      attempts: [
        {
          at: expect.stringMatching(/Z$/),
          statusCode: 500,
          durationMs: expect.any(Number),
          error: "The receiver answered 500.",
          responseHead: "",
        },
      ],
    });
  });

  it("are sent again on request, under the same id", async () => {
    const server = await startTestServer({ delivery: { scheduleMs: [] } });
    const receiver = await startHookReceiver();
    receiver.answer(500);
    const { id } = await submit(server, { type: "test.echo", webhook: { url: receiver.url } });
    const [delivery] = await until(
      async () => {
        const items = await deliveriesOf(server, `jobId=${id}&status=EXHAUSTED`);
        return items.length === 1 && items;
      },
      { what: "the delivery is given up" },
    );
    receiver.answer(204);

    const answer = await post(server, `${DELIVERIES}/${delivery!.id}/retry`);

    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toMatchObject({ id: delivery!.id, attempts: expect.any(Array) });
    await until(async () => (await deliveriesOf(server, `jobId=${id}&status=DELIVERED`)).length === 1, {
      what: "it is delivered",
    });
    expect(receiver.hooks.map(({ headers }) => headers["webhook-id"])).toEqual([delivery!.id, delivery!.id]);
  });

  it("that an endpoint missed are recovered", async () => {
    const server = await startTestServer({ delivery: { scheduleMs: [] } });
    const receiver = await startHookReceiver();
    const { id, createdAt } = await createEndpoint(server, { url: receiver.url });
    receiver.answer(500);
    for (let count = 0; count < 3; count++) await submit(server, { type: "test.echo" });
    await until(async () => (await deliveriesOf(server, `endpointId=${id}&status=EXHAUSTED`)).length === 3, {
      what: "all are given up",
    });
    receiver.answer(204);

    const bad = await post(server, `${ENDPOINTS}/${id}/recover`, { since: "yesterday" });
    const answer = await post(server, `${ENDPOINTS}/${id}/recover`, { since: createdAt });

    expect(bad.json()).toMatchObject({ status: 422, errors: [{ pointer: "#/since" }] });
    expect([answer.statusCode, answer.json()]).toEqual([202, { queued: 3 }]);
    await until(async () => (await deliveriesOf(server, `endpointId=${id}&status=DELIVERED`)).length === 3, {
      what: "all are delivered",
    });
  });
});

describe("secrets", () => {
  it("of one's own stay the same, and no cache keeps them", async () => {
    const server = await startTestServer({ worker: false });

    const [first, second] = [
      await get(server, "/api/v2/webhooks/secret"),
      await get(server, "/api/v2/webhooks/secret"),
    ];

    expect(first.json()).toEqual({ secret: expect.stringMatching(/^whsec_/) });
    expect(second.json()).toEqual(first.json());
    expect(first.headers["cache-control"]).toBe("no-store");
  });

  it("that are rotated both sign", async () => {
    const server = await startTestServer();
    const receiver = await startHookReceiver();
    const { id, secret: old } = await createEndpoint(server, { url: receiver.url });

    const answer = await post(server, `${ENDPOINTS}/${id}/rotate-secret`);
    await submit(server, { type: "test.echo" });
    const { headers, text } = await until(() => receiver.hooks[0], { what: "the event has come" });

    const { secret } = answer.json();
    expect([answer.statusCode, answer.headers["cache-control"]]).toEqual([200, "no-store"]);
    expect(secret).not.toBe(old);
    for (const each of [old, secret]) new Webhook(each).verify(text, headers);
    expect(headers["webhook-signature"]!.split(" ")).toHaveLength(2);
  });
});

describe("owners and scopes", () => {
  const apiKeys = parseApiKeys("acme:mw_a,globex:mw_g,acme:mw_r:jobs:submit+jobs:read");

  it("nobody sees or touches another owner's webhooks", async () => {
    const server = await startTestServer({ apiKeys });
    const receiver = await startHookReceiver();
    const { id } = await createEndpoint(server, { url: receiver.url }, bearer("mw_a"));
    const job = await submit(server, { type: "test.echo", webhook: { url: receiver.url } }, bearer("mw_a"));
    const [delivery] = await until(
      async () => {
        const { items } = (await get(server, `${DELIVERIES}?jobId=${job.id}`, bearer("mw_a"))).json();
        return items.length === 2 && (items as DeliveryResource[]);
      },
      { what: "the deliveries are there" },
    );
    const foreign = bearer("mw_g");

    for (const answer of [
      await get(server, `${ENDPOINTS}/${id}`, foreign),
      await patch(server, `${ENDPOINTS}/${id}`, { enabled: false }, foreign),
      await remove(server, `${ENDPOINTS}/${id}`, foreign),
      await post(server, `${ENDPOINTS}/${id}/rotate-secret`, undefined, foreign),
      await post(server, `${ENDPOINTS}/${id}/recover`, { since: "2026-01-01T00:00:00Z" }, foreign),
      await get(server, `${DELIVERIES}/${delivery!.id}`, foreign),
      await post(server, `${DELIVERIES}/${delivery!.id}/retry`, undefined, foreign),
    ]) {
      expect(answer.json()).toMatchObject({ status: 404, code: "not_found" });
    }
    for (const list of [ENDPOINTS, DELIVERIES, `${DELIVERIES}?jobId=${job.id}`, `${DELIVERIES}?endpointId=${id}`]) {
      expect((await get(server, list, foreign)).json().items, list).toEqual([]);
    }
    const secrets = await Promise.all(
      ["mw_a", "mw_g"].map(async (key) => (await get(server, "/api/v2/webhooks/secret", bearer(key))).json().secret),
    );
    expect(new Set(secrets).size).toBe(2);
  });

  it("managing needs webhooks:manage, reading deliveries jobs:read", async () => {
    const server = await startTestServer({ worker: false, apiKeys });
    const reader = bearer("mw_r");

    for (const answer of [
      await get(server, ENDPOINTS, reader),
      await post(server, ENDPOINTS, { url: TARGET }, reader),
      await get(server, "/api/v2/webhooks/secret", reader),
      await post(server, `${DELIVERIES}/${NOBODY}/retry`, undefined, reader),
    ]) {
      expect(answer.json()).toMatchObject({ status: 403, code: "forbidden", scope: "webhooks:manage" });
    }
    expect((await get(server, DELIVERIES, reader)).statusCode).toBe(200);
  });
});
