// The process that the crash tests kill: the real parts on a store that it shares, armed to kill itself at a named point.
//
// Environment: MEANWHILE_STORE, MEANWHILE_FILES, MEANWHILE_ROLE (all, api, worker), MEANWHILE_JOURNAL,
// MEANWHILE_LEASE_MS, MEANWHILE_KILL (<point>:<hit>, none: lives until it is told to stop).

import { createPostgresStore } from "@meanwhile/store-postgres";
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

const address = environment("MEANWHILE_STORE");
const store = address.startsWith("sqlite:")
  ? await createSqliteStore({ file: address.slice("sqlite:".length) })
  : await createPostgresStore({ url: address });
const meanwhile = await createMeanwhile({
  jobs,
  store: withJournal(store, { file: environment("MEANWHILE_JOURNAL"), settled }),
  files: environment("MEANWHILE_FILES"),
  worker: role === "api" ? false : { leaseMs, pollEveryMs: 200 },
  leaseMs,
  webhooks: {
    allowPrivateTargets: ["127.0.0.1"],
    scheduleMs: Array.from({ length: 50 }, () => 100),
    timeoutMs: 600,
    leaseMs: 2_000,
  },
  shutdownGraceMs: 5_000,
});
await meanwhile.start();
const url = role === "worker" ? "" : await meanwhile.server().listen({ port: 0 });
process.stdout.write(`ready ${url}\n`);

await stopping;
await meanwhile.stop();
await store.close();
process.exit(0);
