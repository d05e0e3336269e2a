// Processes that are killed at named and at random places keep every promise they gave; so does their database.
//
// MEANWHILE_CRASH_KILLS: how many times a process dies in all, on each kind of store. Default: 12. MEANWHILE_CRASH_RESTARTS: how many
// times PostgreSQL is restarted at least. Default: 2. MEANWHILE_CRASH_SEED: repeats a run.
import { until } from "@meanwhile/store-testkit";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { testFolder } from "../harness/folder.js";
import { type HookReceiver, startHookReceiver } from "../harness/hook-receiver.js";
import { startPostgresCluster, whyNoCluster } from "../harness/postgres-cluster.js";
import { killLeftovers } from "../harness/process.js";
import { createRandom, type Random } from "../harness/random.js";
import { audit } from "./audit/audit.js";
import type { Pushed } from "./audit/audit-push.js";
import type { Ground } from "./ground.js";
import { Herd, type HerdDatabase, type Role } from "./herd.js";
import { runLoad } from "./load.js";
import { preparePostgres } from "./postgres-ground.js";
import { createPromises, type Promises } from "./promises.js";
import { prepareSqlite } from "./sqlite-ground.js";

const KILLS = Number(process.env.MEANWHILE_CRASH_KILLS ?? 12);
const RESTARTS = Number(process.env.MEANWHILE_CRASH_RESTARTS ?? 2);
const SEED = Number(process.env.MEANWHILE_CRASH_SEED ?? Date.now() % 1_000_000);

interface LineUp {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly kills: number;
}

const ON_SQLITE: readonly LineUp[] = [
  { name: "one process that serves and works", roles: ["all"], kills: Math.ceil(KILLS / 2) },
  { name: "a server and two workers on one file", roles: ["api", "worker", "worker"], kills: Math.floor(KILLS / 2) },
];

afterEach(killLeftovers);

describe("kill -9", () => {
  for (const lineUp of ON_SQLITE) {
    const { name, kills } = lineUp;
    it(`breaks no promise of ${name} (${kills} kills, seed ${SEED})`, {
      timeout: 60_000 + kills * 10_000,
    }, async () => {
      const folder = testFolder();
      await expectPromisesKept(lineUp, { folder, ground: await prepareSqlite(folder) });
    });
  }

  const name = "two servers and two workers on PostgreSQL";
  it(`and restarts of the database break no promise of ${name} (${KILLS} kills, ${RESTARTS} restarts, seed ${SEED})`, {
    timeout: 120_000 + KILLS * 20_000 + RESTARTS * 20_000,
  }, async ({ skip }) => {
    if (whyNoCluster !== undefined) skip(whyNoCluster);
    const cluster = await startPostgresCluster();
    onTestFinished(() => cluster.remove());
    const ground = await preparePostgres(cluster);
    const database = { restart: cluster.restart, restarts: RESTARTS };
    const roles = ["api", "api", "worker", "worker"] as const;
    await expectPromisesKept({ name, roles, kills: KILLS }, { folder: testFolder(), ground, database });
  });
});

interface Place {
  readonly folder: string;
  readonly ground: Ground;
  readonly database?: HerdDatabase;
}

async function expectPromisesKept({ name, roles, kills }: LineUp, { folder, ground, database }: Place): Promise<void> {
  onTestFinished(() => ground.close());
  const promises = createPromises();
  const random = createRandom(SEED);
  const receiver = await startHookReceiver();
  misbehave(receiver, random);
  const { address } = ground;
  const herd = new Herd({ folder, address, roles, random, kills, ...(database === undefined ? {} : { database }) });

  await Promise.all([
    herd.run(),
    runLoad({
      promises,
      random,
      callers: 16,
      webhookUrl: `${receiver.url}/hook`,
      address: () => herd.address(),
      onAccepted: () => herd.accepted(),
    }),
  ]);
  await finishAll(herd, ground);
  const facts = await ground.readFacts(herd.journals);

  report(name, { herd, promises, receiver, jobs: facts.jobs.length, events: facts.events.length });
  expect(audit(facts, promises, [toPushed(receiver, promises)])).toEqual([]);
  expect(herd.kills).toBeGreaterThanOrEqual(kills);
  expect(herd.restarts).toBeGreaterThanOrEqual(database?.restarts ?? 0);
  expect(herd.unmet).toEqual([]);
  expect(facts.jobs.length).toBeGreaterThanOrEqual(promises.accepted.size);
}

/** A receiver has bad moments, too. */
function misbehave(receiver: HookReceiver, random: Random): void {
  receiver.behave((response, hook) => {
    const mood = random.next();
    if (mood < 0.02) return void response.destroy();
    if (mood < 0.05) return void response.writeHead(503).end();
    hook.wasAccepted = true;
    response.writeHead(204).end();
  });
}

function toPushed({ hooks }: HookReceiver, { pushed: wanted }: Promises): Pushed {
  const arrivals = hooks.map(({ body, wasAccepted }) => {
    const { jobId, seq } = body.data.event;
    return { jobId, seq, wasAccepted };
  });
  return { channel: "webhook", wanted, arrivals };
}

/** After the last kill somebody comes who finishes everything. */
async function finishAll(herd: Herd, ground: Ground): Promise<void> {
  const program = herd.startCalm("all");
  await program.ready;
  await until(async () => (await ground.countUnfinished()) === 0, {
    what: "every job is over, and every delivery sent",
    limitMs: 60_000,
  });
  expect(await program.stop()).toEqual({ code: 0, signal: null });
}

interface Run {
  readonly herd: Herd;
  readonly promises: Promises;
  readonly receiver: HookReceiver;
  readonly jobs: number;
  readonly events: number;
}

function report(name: string, { herd, promises, receiver, jobs, events }: Run): void {
  const deaths = [...herd.deaths].map(([place, count]) => `${place} ${count}`).join(", ");
  const { accepted, keys, seen, cancelled, cancelRequested, pushed } = promises;
  process.stderr.write(
    `crash: ${name}: ${jobs} jobs, ${events} events, ${receiver.hooks.length} sendings; promised ${accepted.size} jobs, ` +
      `${keys.size} keys, ${seen.length} events, ${cancelled.size + cancelRequested.size} cancels, ${pushed.size} webhooks; ` +
      `${herd.kills} deaths: ${deaths}; ${herd.restarts} restarts of the database\n`,
  );
}
