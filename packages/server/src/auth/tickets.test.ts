// A ticket reads what it is for, as long as whoever issued it may.

import { randomFillSync } from "node:crypto";
import { createIdSource, createMemoryStore, type Principal, silentLogger } from "@meanwhile/core";
import { ManualClock, until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { createLiveCredentials } from "./live-credentials.js";
import { createTickets, secretsOfThisProcess } from "./tickets.js";

const JOB = "0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d";
const OTHER = "0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3e";
const HOUR = 3_600_000;

async function setUp({ expiresAt = null as number | null, scopes = [] as string[] } = {}) {
  const clock = new ManualClock();
  const store = createMemoryStore({ clock });
  const key = { id: "key-1", name: "acme", owner: "acme", hash: "h", scopes, createdAt: 0, expiresAt, revokedAt: null };
  await store.apiKeys.insert(key);
  const ids = createIdSource({ clock, randomBytes: (bytes) => void randomFillSync(bytes) });
  let closed = true;
  const credentials = createLiveCredentials({
    clock,
    logger: silentLogger,
    store: store.apiKeys,
    configured: new Set(["configured:1"]),
    isClosed: () => closed,
  });
  const secrets = secretsOfThisProcess();
  const tickets = createTickets({ clock, ids, secrets, credentials });
  const principal: Principal = {
    owner: "acme",
    name: "acme",
    scopes: scopes.length === 0 ? null : scopes,
    expiresAt,
    credentialId: "key-1",
  };
  const setClosed = (value: boolean) => {
    closed = value;
  };
  return { clock, store, credentials, tickets, secrets, ids, principal, setClosed };
}

describe("a ticket", () => {
  it("is the issuer's, with nothing but the right to read", async () => {
    const { tickets, principal } = await setUp();
    const { ticket } = await tickets.issue({ principal, scope: { jobId: JOB }, ttlMs: HOUR });

    const redeemed = await tickets.redeem(ticket, { jobId: JOB });

    expect(redeemed).toMatchObject({ owner: "acme", credentialId: "key-1", scopes: ["jobs:read", "jobs:logs"] });
  });

  it("never gives a scope that its issuer lacks", async () => {
    const { tickets, principal } = await setUp({ scopes: ["jobs:read", "jobs:submit", "jobs:admin"] });
    const { ticket } = await tickets.issue({ principal, scope: "stream", ttlMs: HOUR });

    expect((await tickets.redeem(ticket, {})).scopes).toEqual(["jobs:read", "jobs:admin"]);
  });

  it("is for one job, or for the stream", async () => {
    const { tickets, principal } = await setUp();
    const { ticket: ofJob } = await tickets.issue({ principal, scope: { jobId: JOB }, ttlMs: HOUR });
    const { ticket: ofStream } = await tickets.issue({ principal, scope: "stream", ttlMs: HOUR });

    await expect(tickets.redeem(ofJob, { jobId: OTHER })).rejects.toMatchObject({ code: "forbidden" });
    await expect(tickets.redeem(ofJob, {})).rejects.toMatchObject({ code: "forbidden" });
    await expect(tickets.redeem(ofStream, { jobId: JOB })).rejects.toMatchObject({ code: "forbidden" });
    expect((await tickets.open(ofJob)).scope).toEqual({ jobId: JOB });
    expect((await tickets.open(ofStream)).scope).toBe("stream");
  });

  it("ends when it said it would, or when the credential does", async () => {
    const { clock, tickets, principal } = await setUp({ expiresAt: new ManualClock().now() + HOUR });
    const short = await tickets.issue({ principal, scope: { jobId: JOB }, ttlMs: 1_000 });
    const long = await tickets.issue({ principal, scope: { jobId: JOB }, ttlMs: 5 * HOUR });
    expect(long.expiresAt).toBe(clock.now() + HOUR);

    clock.advance(1_000);
    await expect(tickets.redeem(short.ticket, { jobId: JOB })).rejects.toMatchObject({ code: "unauthenticated" });
    await tickets.redeem(long.ticket, { jobId: JOB });
    clock.advance(HOUR);

    await expect(tickets.redeem(long.ticket, { jobId: JOB })).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("dies within a minute of its key being revoked", async () => {
    const { clock, store, tickets, principal } = await setUp();
    const { ticket } = await tickets.issue({ principal, scope: { jobId: JOB }, ttlMs: HOUR });
    await tickets.redeem(ticket, { jobId: JOB });

    await store.apiKeys.revoke("key-1", { at: clock.now() });
    clock.advance(60_000);

    await expect(tickets.redeem(ticket, { jobId: JOB })).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("dies when its key leaves the configuration", async () => {
    const { tickets, principal } = await setUp();
    const issue = (credentialId: string) =>
      tickets.issue({ principal: { ...principal, credentialId }, scope: "stream", ttlMs: HOUR });

    await tickets.redeem((await issue("configured:1")).ticket, {});
    const gone = await issue("configured:2");

    await expect(tickets.redeem(gone.ticket, {})).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("of a server that asked for no credentials dies when it asks for some", async () => {
    const { tickets, setClosed } = await setUp();
    setClosed(false);
    const local: Principal = { owner: "local", name: "local", scopes: null, expiresAt: null, credentialId: null };
    const { ticket } = await tickets.issue({ principal: local, scope: "stream", ttlMs: HOUR });
    await tickets.redeem(ticket, {});

    setClosed(true);

    await expect(tickets.redeem(ticket, {})).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("cannot be changed, made up, or taken from a store with another secret", async () => {
    const { clock, ids, credentials, tickets, principal } = await setUp();
    const { ticket } = await tickets.issue({ principal, scope: { jobId: JOB }, ttlMs: HOUR });
    const [body = "", signature = ""] = ticket.slice("mwt_".length).split(".");
    const forged = Buffer.from(Buffer.from(body, "base64url").toString().replace("acme", "evil")).toString("base64url");
    const elsewhere = createTickets({ clock, ids, secrets: secretsOfThisProcess(), credentials });

    for (const wrong of [
      `mwt_${forged}.${signature}`,
      `mwt_${body}.${"A".repeat(43)}`,
      "mwt_.",
      "",
      "x".repeat(20_000),
    ]) {
      await expect(tickets.redeem(wrong, { jobId: JOB })).rejects.toMatchObject({ code: "unauthenticated" });
    }
    await expect(elsewhere.redeem(ticket, { jobId: JOB })).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("is taken by every process that shares the secret", async () => {
    const { clock, ids, credentials, secrets, tickets, principal } = await setUp();
    const { ticket } = await tickets.issue({ principal, scope: { jobId: JOB }, ttlMs: HOUR });
    const neighbour = createTickets({ clock, ids, secrets, credentials });

    expect(await neighbour.redeem(ticket, { jobId: JOB })).toMatchObject({ owner: "acme" });
  });
});

describe("an open stream", () => {
  it("is told within a minute that its key was revoked, once, and no other stream is", async () => {
    const { clock, store, credentials, principal } = await setUp();
    const told: string[] = [];
    credentials.watch(principal, () => told.push("revoked"));
    credentials.watch({ ...principal, credentialId: "configured:1" }, () => told.push("configured"));

    await store.apiKeys.revoke("key-1", { at: clock.now() });
    clock.advance(15_000);

    await until(() => told.length > 0, { what: "the stream is told" });
    clock.advance(15_000);
    expect(told).toEqual(["revoked"]);
  });

  it("is told that its token has expired", async () => {
    const { clock, credentials, principal } = await setUp();
    let told = 0;
    credentials.watch({ ...principal, credentialId: null, expiresAt: clock.now() + 1_000 }, () => told++);

    clock.advance(15_000);

    await until(() => told === 1, { what: "the stream is told" });
  });

  it("goes on while the store is away, and one look-up serves all", async () => {
    const clock = new ManualClock();
    let looks = 0;
    const store = { ...createMemoryStore({ clock }).apiKeys };
    store.list = async () => {
      looks++;
      throw new Error("away");
    };
    const credentials = createLiveCredentials({
      clock,
      logger: silentLogger,
      store,
      configured: new Set(),
      isClosed: () => true,
    });
    const { principal } = await setUp();
    let ended = 0;
    for (let index = 0; index < 10; index++) credentials.watch(principal, () => ended++);

    clock.advance(15_000);
    await until(() => looks === 1 && clock.pendingTimers === 1, { what: "it was looked up, and will be again" });

    expect(ended).toBe(0);
  });

  it("leaves no timer behind when the last one goes", async () => {
    const { clock, credentials, principal } = await setUp();
    const unwatch = [1, 2].map(() => credentials.watch(principal, () => {}));

    for (const end of unwatch) end();

    expect(clock.pendingTimers).toBe(0);
  });
});
