// The process that the crash tests kill: the real parts on one SQLite file, armed to kill itself at a named point.
//
// Environment: MEANWHILE_STORE_FILE, MEANWHILE_FILES, MEANWHILE_ROLE (all, api, worker), MEANWHILE_JOURNAL,
// MEANWHILE_LEASE_MS, MEANWHILE_KILL (<point>:<hit>, none: lives until it is told to stop).

import { createSqliteStore } from "@meanwhile/store-sqlite";
import { createMeanwhile } from "meanwhile";
import { jobs } from "./jobs.js";
import { withJournal } from "./journal.js";
import { armKill, readKillPlan } from "./kill-points.js";

const environment = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} must be set.`);
  return value;
};

const plan = readKillPlan(process.env.MEANWHILE_KILL);
const { settled } = plan === undefined ? { settled() {} } : armKill(plan);
const role = environment("MEANWHILE_ROLE");
const leaseMs = Number(environment("MEANWHILE_LEASE_MS"));
const stopping = new Promise((resolve) => process.once("SIGTERM", resolve));

const store = await createSqliteStore({ file: environment("MEANWHILE_STORE_FILE") });
const meanwhile = await createMeanwhile({
  jobs,
  store: withJournal(store, { file: environment("MEANWHILE_JOURNAL"), settled }),
  files: environment("MEANWHILE_FILES"),
  worker: role === "api" ? false : { leaseMs, pollEveryMs: 200 },
  shutdownGraceMs: 5_000,
});
await meanwhile.start();
const url = role === "worker" ? "" : await meanwhile.server().listen({ port: 0 });
process.stdout.write(`ready ${url}\n`);

await stopping;
await meanwhile.stop();
await store.close();
process.exit(0);
