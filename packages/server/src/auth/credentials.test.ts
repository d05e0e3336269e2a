// Who may call, over HTTP: keys, tokens, scopes, owners, and a server without any of them.
import { ConfigurationError, createMemoryStore, systemClock } from "@meanwhile/core";
import { ManualClock } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { createServer } from "../create-server.js";
import { get, post, submit } from "../testing/requests.js";
import { startTestServer } from "../testing/test-server.js";
import { hashApiKey } from "./api-key.js";
import { parseApiKeys } from "./fixed-keys.js";

const JOBS = "/api/v2/jobs";
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

async function storeWithKey({
  scopes = [] as string[],
  expiresAt = null as number | null,
  key = "mw_stored",
  owner = "acme",
} = {}) {
  const store = createMemoryStore({ clock: systemClock });
  await store.apiKeys.insert({
    id: crypto.randomUUID(),
    name: `key of ${owner}`,
    owner,
    hash: hashApiKey(key),
    scopes,
    createdAt: 0,
    expiresAt,
    revokedAt: null,
  });
  return store;
}

describe("credentials", () => {
  it("are asked for as soon as any are configured", async () => {
    const server = await startTestServer({ worker: false, apiKeys: parseApiKeys("acme:mw_secret") });

    const without = await get(server, JOBS);
    const wrong = await get(server, JOBS, bearer("mw_wrong"));
    const right = await get(server, JOBS, bearer("mw_secret"));

    expect([without.statusCode, wrong.statusCode, right.statusCode]).toEqual([401, 401, 200]);
    expect(without.headers["www-authenticate"]).toBe("Bearer");
    expect(wrong.headers["www-authenticate"]).toBe('Bearer error="invalid_token"');
    expect(without.json()).toMatchObject({ status: 401, code: "unauthenticated" });
  });

  it.each([
    "Basic bXc6bXc=",
    "Bearer",
    "Bearer ",
    "bearer mw_secret extra",
    "mw_secret",
    "Bearer mw_ secret",
    "Bearer \u00e4",
  ])("are not %j", async (authorization) => {
    const server = await startTestServer({ worker: false, apiKeys: parseApiKeys("acme:mw_secret") });

    expect((await get(server, JOBS, { authorization })).statusCode).toBe(401);
  });

  it("are checked before the body is read, whatever it is", async () => {
    const server = await startTestServer({ worker: false, apiKeys: parseApiKeys("acme:mw_secret") });

    expect((await post(server, JOBS, "{broken")).statusCode).toBe(401);
    expect((await post(server, "/api/v2/files", "x", { "content-type": "multipart/form-data" })).statusCode).toBe(401);
  });

  it.each(["/healthz", "/readyz", "/openapi.json", "/docs"])("are not asked for %s", async (url) => {
    const server = await startTestServer({ worker: false, apiKeys: parseApiKeys("acme:mw_secret") });

    expect((await get(server, url)).statusCode).toBe(200);
  });

  it("that stand in the store count at once, also on a server that was open", async () => {
    const store = createMemoryStore({ clock: systemClock });
    const clock = new ManualClock();
    const { parts } = await startTestServer({ worker: false, store });
    const { app } = createServer({ ...parts, clock });
    const status = async (headers = {}) => (await app.inject({ url: JOBS, headers })).statusCode;
    const before = await status();
    await store.apiKeys.insert({
      id: crypto.randomUUID(),
      name: "first",
      owner: "acme",
      hash: hashApiKey("mw_first"),
      scopes: [],
      createdAt: 0,
      expiresAt: null,
      revokedAt: null,
    });
    clock.advance(5_000);

    expect([before, await status(), await status(bearer("mw_first"))]).toEqual([200, 401, 200]);
  });

  it("end when they expire, and within a minute of being revoked", async () => {
    const clock = new ManualClock();
    const store = await storeWithKey({ key: "mw_short", expiresAt: clock.now() + 10_000 });
    await store.apiKeys.insert({
      id: "7",
      name: "long",
      owner: "acme",
      hash: hashApiKey("mw_long"),
      scopes: [],
      createdAt: 0,
      expiresAt: null,
      revokedAt: null,
    });
    const { parts } = await startTestServer({ worker: false, store });
    const { app } = createServer({ ...parts, clock });
    const status = async (key: string) => (await app.inject({ url: JOBS, headers: bearer(key) })).statusCode;
    const before = [await status("mw_short"), await status("mw_long")];

    clock.advance(10_000);
    const expired = await status("mw_short");
    await store.apiKeys.revoke("long", { at: clock.now() });
    clock.advance(60_000);

    expect(before).toEqual([200, 200]);
    expect(expired).toBe(401);
    expect(await status("mw_long")).toBe(401);
  });

  it("of an owner show that owner's jobs only", async () => {
    const server = await startTestServer({
      worker: false,
      apiKeys: parseApiKeys("acme:mw_a,acme:mw_b,other:mw_c,root:mw_d:jobs:read+jobs:admin"),
    });
    const { id } = await submit(server, { type: "test.echo" }, bearer("mw_a"));
    const seenBy = async (key: string) => {
      const one = await get(server, `${JOBS}/${id}`, bearer(key));
      const all = await get(server, JOBS, bearer(key));
      return [one.statusCode, all.json().items.length];
    };

    expect(await seenBy("mw_b")).toEqual([200, 1]);
    expect(await seenBy("mw_c")).toEqual([404, 0]);
    expect(await seenBy("mw_d")).toEqual([200, 1]);
  });

  it("of another owner do not touch jobs, keys or files", async () => {
    const server = await startTestServer({ worker: false, apiKeys: parseApiKeys("acme:mw_a,other:mw_c") });
    const { id } = await submit(server, { type: "test.echo" }, { ...bearer("mw_a"), "idempotency-key": "k" });
    const upload = await post(server, "/api/v2/files", "x", { "content-type": "text/plain", ...bearer("mw_a") });
    const theirs = bearer("mw_c");

    for (const path of ["cancel", "rerun", "purge"]) {
      expect((await post(server, `${JOBS}/${id}/${path}`, undefined, theirs)).statusCode).toBe(404);
    }
    for (const path of ["events", "logs", "progress", "result", "longpoll"]) {
      expect((await get(server, `${JOBS}/${id}/${path}`, theirs)).statusCode).toBe(404);
    }
    expect((await get(server, `/api/v2/operations/${id}`, theirs)).statusCode).toBe(404);
    expect((await get(server, `/api/v2/files/${upload.json().id}`, theirs)).statusCode).toBe(404);
    const sameKey = await submit(server, { type: "test.echo" }, { ...theirs, "idempotency-key": "k" });
    expect(sameKey.id).not.toBe(id);
  });
});

describe("scopes", () => {
  it.each([
    ["jobs:read", "GET", JOBS, 200],
    ["jobs:submit", "GET", JOBS, 403],
    ["jobs:read", "POST", JOBS, 403],
    ["jobs:submit", "POST", JOBS, 202],
    ["jobs:submit:test.echo", "POST", JOBS, 202],
    ["jobs:submit:test.other", "POST", JOBS, 403],
    ["jobs:submit", "POST", "/api/v2/files", 201],
    ["jobs:read", "POST", "/api/v2/files", 403],
  ] as const)("%s on %s %s gives %i", async (scope, method, url, status) => {
    const server = await startTestServer({ worker: false, apiKeys: [{ owner: "acme", key: "mw_k", scopes: [scope] }] });

    const answer = await server.app.inject({
      method,
      url,
      headers: bearer("mw_k"),
      ...(method === "POST" ? { payload: { type: "test.echo" } } : {}),
    });

    expect(answer.statusCode).toBe(status);
    if (status === 403) {
      expect(answer.json()).toMatchObject({ code: "forbidden", scope: expect.any(String) });
      expect(answer.headers["www-authenticate"]).toMatch(/^Bearer error="insufficient_scope", scope="/);
    }
  });

  it("of a key without any are all but those on request", async () => {
    const store = await storeWithKey();
    const server = await startTestServer({ store });
    const { id } = await submit(
      server,
      { type: "test.echo", priority: 5 },
      { ...bearer("mw_stored"), prefer: "wait=30" },
    );

    expect((await get(server, `${JOBS}/${id}/logs`, bearer("mw_stored"))).statusCode).toBe(200);
    expect((await post(server, `${JOBS}/${id}/purge`, undefined, bearer("mw_stored"))).statusCode).toBe(204);
  });

  it.each([
    ["jobs:read", "logs", "jobs:logs"],
    ["jobs:logs", "events", "jobs:read"],
  ])("%s alone does not open %s", async (scope, path, missing) => {
    const server = await startTestServer({ worker: false, apiKeys: [{ owner: "acme", key: "mw_k", scopes: [scope] }] });

    const answer = await get(server, `${JOBS}/0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d/${path}`, bearer("mw_k"));

    expect(answer.json()).toMatchObject({ status: 403, scope: missing });
  });
});

describe("parseApiKeys", () => {
  it("reads owners, keys and scopes; everything after the second colon is scopes", () => {
    expect(parseApiKeys(" acme:mw_1 , shop:mw_2:jobs:submit:demo.echo+jobs:read ,")).toEqual([
      { owner: "acme", key: "mw_1" },
      { owner: "shop", key: "mw_2", scopes: ["jobs:submit:demo.echo", "jobs:read"] },
    ]);
  });

  it.each(["acme", "acme:secret", ":mw_1", "acme:mw_1:jobs:everything", "acme:mw_", "acme:mw_1:"])(
    "refuses %j without showing the key",
    (text) => {
      expect(() => parseApiKeys(text)).toThrow(ConfigurationError);
      expect(() => parseApiKeys(text)).not.toThrow(/mw_1/);
    },
  );

  it("refuses the same key twice", async () => {
    const { parts } = await startTestServer({ worker: false });

    expect(() => createServer(parts, { apiKeys: parseApiKeys("a:mw_1,b:mw_1") })).toThrow(ConfigurationError);
  });
});

describe("a server without credentials", () => {
  it("listens on loopback only", async () => {
    const server = await startTestServer({ worker: false });

    await expect(server.listen({ port: 0, host: "0.0.0.0" })).rejects.toThrow(/MEANWHILE_API_KEYS/);
    await expect(server.listen({ port: 0, host: "::" })).rejects.toThrow(ConfigurationError);
    expect(await server.listen({ port: 0, host: "localhost" })).toMatch(/^http:\/\//);
  });

  it("listens anywhere once it has some", async () => {
    const server = await startTestServer({ worker: false, apiKeys: parseApiKeys("acme:mw_1") });

    expect(await server.listen({ port: 0, host: "0.0.0.0" })).toMatch(/^http:\/\//);
  });

  it.each([
    ["a name that was bent to loopback", { host: "evil.example.com" }],
    ["a page of another site", { origin: "https://evil.example.com" }],
    ["a page without an origin", { origin: "null" }],
    ["a form on another site", { "sec-fetch-site": "cross-site" }],
    ["another port of the same machine", { host: "localhost:8080", origin: "http://localhost:3000" }],
  ])("refuses %s", async (_what, headers) => {
    const server = await startTestServer({ worker: false });

    const answer = await post(server, JOBS, { type: "test.echo" }, headers as Record<string, string>);

    expect(answer.statusCode).toBe(403);
    expect(answer.json().code).toBe("forbidden");
    expect((await get(server, JOBS)).json().items).toEqual([]);
  });

  it.each([
    { host: "127.0.0.1:8080" },
    { host: "[::1]:8080" },
    { host: "localhost:8080", origin: "http://localhost:8080", "sec-fetch-site": "same-origin" },
    { host: "jobs.internal" },
    { origin: "https://app.example.com", "sec-fetch-site": "cross-site" },
  ])("answers to %j", async (headers) => {
    const server = await startTestServer({
      worker: false,
      allowedHosts: ["jobs.internal"],
      allowedOrigins: ["https://app.example.com"],
    });

    expect((await post(server, JOBS, { type: "test.echo" }, headers as Record<string, string>)).statusCode).toBe(202);
  });
});
