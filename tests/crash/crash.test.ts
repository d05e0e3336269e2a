// Processes that are killed at named and at random places keep every promise they gave.
//
// MEANWHILE_CRASH_KILLS: how many times a process dies in all. Default: 12. MEANWHILE_CRASH_SEED: repeats a run.
import { createSqliteStore } from "@meanwhile/store-sqlite";
import { until } from "@meanwhile/store-testkit";
import { afterEach, describe, expect, it } from "vitest";
import { testFolder } from "../harness/folder.js";
import { killLeftovers } from "../harness/process.js";
import { createRandom } from "../harness/random.js";
import { openSql } from "../harness/sql.js";
import { audit } from "./audit/audit.js";
import { installWitness, readFacts } from "./audit/facts.js";
import { Herd, type Role } from "./herd.js";
import { runLoad } from "./load.js";
import { createPromises, type Promises } from "./promises.js";

const KILLS = Number(process.env.MEANWHILE_CRASH_KILLS ?? 12);
const SEED = Number(process.env.MEANWHILE_CRASH_SEED ?? Date.now() % 1_000_000);

const LINE_UPS: readonly { name: string; roles: readonly Role[]; kills: number }[] = [
  { name: "one process that serves and works", roles: ["all"], kills: Math.ceil(KILLS / 2) },
  { name: "a server and two workers on one file", roles: ["api", "worker", "worker"], kills: Math.floor(KILLS / 2) },
];

afterEach(killLeftovers);

describe("kill -9", () => {
  for (const { name, roles, kills } of LINE_UPS) {
    it(`breaks no promise of ${name} (${kills} kills, seed ${SEED})`, {
      timeout: 60_000 + kills * 10_000,
    }, async () => {
      const promises = createPromises();
      const random = createRandom(SEED);
      const herd = new Herd({ folder: testFolder(), roles, random, kills });
      await prepareFile(herd.storeFile);

      const killing = herd.run();
      await Promise.all([
        killing,
        runLoad({
          promises,
          random,
          callers: 16,
          address: () => herd.address(),
          onAccepted: () => herd.accepted(),
        }),
      ]);
      await finishAll(herd);
      const facts = readFacts(herd.storeFile, herd.journals);

      expect(audit(facts, promises)).toEqual([]);
      expect(herd.kills).toBeGreaterThanOrEqual(kills);
      expect(herd.unmet).toEqual([]);
      expect(facts.jobs.length).toBeGreaterThanOrEqual(promises.accepted.size);
      report(name, { herd, promises, jobs: facts.jobs.length, events: facts.events.length });
    });
  }
});

async function prepareFile(file: string): Promise<void> {
  const store = await createSqliteStore({ file });
  await store.migrate();
  await store.close();
  installWitness(file);
}

/** After the last kill somebody comes who finishes everything. */
async function finishAll(herd: Herd): Promise<void> {
  const program = herd.startCalm("all");
  await program.ready;
  const sql = openSql(herd.storeFile);
  try {
    await until(() => sql.all<{ left: number }>(UNFINISHED)[0]!.left === 0, {
      what: "every job is over",
      limitMs: 60_000,
    });
  } finally {
    sql.close();
  }
  expect(await program.stop()).toEqual({ code: 0, signal: null });
}

const UNFINISHED = "select count(*) as left from meanwhile_jobs where completed_at is null";

function report(name: string, what: { herd: Herd; promises: Promises; jobs: number; events: number }): void {
  const deaths = [...what.herd.deaths].map(([place, count]) => `${place} ${count}`).join(", ");
  const { accepted, keys, seen, cancelled, cancelRequested } = what.promises;
  process.stderr.write(
    `crash: ${name}: ${what.jobs} jobs, ${what.events} events; promised ${accepted.size} jobs, ${keys.size} keys, ${seen.length} events, ${cancelled.size + cancelRequested.size} cancels; deaths: ${deaths}\n`,
  );
}
