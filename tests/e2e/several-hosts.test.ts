// An API on one host, workers on others, one PostgreSQL database: what happens on one is known on the other within moments, and what
// dies, or is cut off, loses nothing.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createClient, type TransportName, type WebSocketConstructor } from "@meanwhile/client";
import type { JobEvent } from "@meanwhile/protocol";
import { until } from "@meanwhile/store-testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { HOSTS_ARE, type Hosts, startHosts } from "../harness/hosts.js";
import { killLeftovers } from "../harness/process.js";
import { type Served, type ServeOptions, serve } from "../harness/serve.js";
import { describeOnStore, type Home, POSTGRES, POSTGRES_URL, suiteHome } from "../harness/stores.js";
import { upTo } from "../readers/start-reader.js";

const API_KEY = `mw_${"k".repeat(40)}`;

/** So long that no heartbeat can be what brings the news. */
const LONG_LEASE_MS = 60_000;
/** So short that a test can wait until it has run out. */
const SHORT_LEASE_MS = 2_000;

const TRANSPORTS: readonly TransportName[] = ["sse", "websocket", "long-polling"];

describeOnStore(POSTGRES, (kind) => {
  describe(`two hosts (${HOSTS_ARE})`, () => {
    const home = suiteHome(kind);
    let hosts: Hosts;

    beforeAll(async () => {
      const { hostname, port } = new URL(POSTGRES_URL);
      hosts = await startHosts({ host: hostname, port: Number(port) || 5432 });
    });
    afterAll(async () => {
      killLeftovers();
      await hosts.remove();
    });

    const onHost = (letter: "a" | "b", options: Omit<ServeOptions, "folder">) =>
      serve({ ...home, host: hosts[letter], apiKey: API_KEY, ...options });

    describe("an API on A, a worker on B", () => {
      let server: Served;
      let worker: Served;

      beforeAll(async () => {
        server = await onHost("a", { role: "api", leaseMs: LONG_LEASE_MS });
        worker = await onHost("b", { role: "worker", leaseMs: LONG_LEASE_MS });
      });
      afterAll(async () => {
        await Promise.all([server.stop(), worker.stop()]);
      });

      it("a cancel on A ends a job that runs on B within a second", async () => {
        const { api } = server;
        const tookMs: number[] = [];

        for (let round = 0; round < 10; round++) {
          const { body } = await api.submit("test.wait", { ms: 60_000 });
          await api.reaches(body.id, "PROCESSING");
          const wishedAt = Date.now();
          expect((await api.cancel(body.id)).status).toBe(202);
          // Only its signal ends this handler before its minute is over.
          const job = await api.reaches(body.id, "CANCELLED");
          tookMs.push(Date.parse(job.completedAt!) - wishedAt);
        }

        say("a cancel was obeyed", tookMs);
        expect(Math.max(...tookMs)).toBeLessThan(1_000);
      });

      it("a job that is submitted on A begins on B at once", async () => {
        const waitedMs: number[] = [];

        for (let round = 0; round < 10; round++) {
          const { body } = await server.api.submit("test.echo", {}, {}, { prefer: "wait=10" });
          expect(body.status).toBe("COMPLETED");
          waitedMs.push(Date.parse(body.startedAt!) - Date.parse(body.createdAt));
        }

        say("a job began", waitedMs);
        expect(median(waitedMs)).toBeLessThan(500);
      });

      it.each(TRANSPORTS)("what a job on B tells reaches a follower on A as it happens: %s", async (transport) => {
        const { api } = server;
        const { body } = await api.submit("test.steps", { steps: 20, stepMs: 50 });
        const seen: { readonly seq: number; readonly lateMs: number }[] = [];

        for await (const { seq, at } of client(api.address, { transport }).job(body.id).events()) {
          seen.push({ seq, lateMs: Date.now() - Date.parse(at) });
        }

        const job = await api.reaches(body.id, "COMPLETED");
        expect(seen.map(({ seq }) => seq)).toEqual(upTo(job.lastSeq));
        // The first ones may have been there before the follower.
        const lateMs = seen.slice(3).map((each) => each.lateMs);
        say(`an event reached a follower by ${transport}`, lateMs);
        expect(median(lateMs)).toBeLessThan(500);
      });
    });

    describe("workers that go away", () => {
      let server: Served;

      beforeAll(async () => {
        server = await onHost("a", { role: "api", leaseMs: SHORT_LEASE_MS });
      });
      afterAll(async () => {
        await server.stop();
      });

      it("a job whose worker on B is killed is finished by one on A, and its log has no gap", async () => {
        const killed = await onHost("b", { role: "worker", leaseMs: SHORT_LEASE_MS });
        const job = await submitWitness(server, home);
        await job.notes("1 began");

        killed.signal("SIGKILL");
        await killed.exited;
        const other = await onHost("a", { role: "worker", leaseMs: SHORT_LEASE_MS });
        await job.notes("2 began");
        job.letEnd();

        const ended = await server.api.reaches(job.id, "COMPLETED");
        expect(ended).toMatchObject({ attempt: 2, result: { attempt: 2 } });
        const events = await server.api.events(job.id);
        expect(events.map(({ seq }) => seq)).toEqual(upTo(ended.lastSeq));
        expect(typesOf(events)).toEqual(["submitted", "started", "retrying", "started", "completed"]);
        await other.stop();
      });

      it("a worker that is cut off from the database loses its job to another one, and goes on when the link is back", {
        timeout: 90_000,
      }, async () => {
        const cutOff = await onHost("b", { role: "worker", leaseMs: SHORT_LEASE_MS });
        const job = await submitWitness(server, home);
        await job.notes("1 began");

        hosts.b.cutLink();
        const other = await onHost("a", { role: "worker", leaseMs: SHORT_LEASE_MS });
        await job.notes("2 began");
        hosts.b.restoreLink();
        await job.notes("1 lease_lost", { withinMs: 60_000 });
        job.letEnd();

        expect(await server.api.reaches(job.id, "COMPLETED")).toMatchObject({ result: { attempt: 2 } });
        expect(job.read()).not.toContain("1 ended");
        expect(typesOf(await server.api.events(job.id))).toEqual([
          ...["submitted", "started", "retrying", "started", "completed"],
        ]);
        await other.stop();
        const next = await server.api.submit("test.echo", { n: 1 }, {}, { prefer: "wait=20" });
        expect(next.body).toMatchObject({ status: "COMPLETED", attempt: 1 });
        await cutOff.stop();
      });
    });
  });
});

function client(address: string, { transport }: { transport: TransportName }) {
  const webSocket = WebSocket as unknown as WebSocketConstructor;
  return createClient({ baseUrl: address, token: API_KEY, transport, webSocket });
}

interface Witness {
  readonly id: string;
  read(): string;
  /** Waits until an attempt has written this line. */
  notes(line: string, options?: { withinMs?: number }): Promise<void>;
  letEnd(): void;
}

let witnesses = 0;

async function submitWitness({ api }: Served, { folder }: Home): Promise<Witness> {
  const [gate, notes] = ["gate", "notes"].map((name) => join(folder, `${name}-${++witnesses}`)) as [string, string];
  const { body } = await api.submit("test.witness", { gate, notes });
  const read = () => (existsSync(notes) ? readFileSync(notes, "utf8") : "");
  return {
    id: body.id,
    read,
    async notes(line, { withinMs = 20_000 } = {}) {
      const isThere = () => read().split("\n").includes(line);
      await until(isThere, { what: `an attempt has noted "${line}"`, limitMs: withinMs }).catch((error: Error) => {
        throw new Error(`${error.message} It has noted:\n${read()}`);
      });
    },
    letEnd: () => writeFileSync(gate, ""),
  };
}

const typesOf = (events: readonly JobEvent[]) => events.map(({ type }) => type.slice("job.".length));

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function say(what: string, ms: readonly number[]): void {
  process.stderr.write(
    `two hosts: ${what} after ${median(ms)} ms (median of ${ms.length}), at most ${Math.max(...ms)}\n`,
  );
}
