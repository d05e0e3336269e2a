// A server or worker that forgets soon and tells how it is: like `meanwhile serve`, but what is finished goes after a minute.
//
// Environment: MEANWHILE_STORE, MEANWHILE_FILES, MEANWHILE_LEASE_MS, MEANWHILE_SHUTDOWN_GRACE_MS as of `meanwhile serve`;
// SOAK_VITALS (a file), SOAK_VITALS_EVERY_MS, SOAK_RETENTION_MS. Arguments: `--role` and its value.

import { createMeanwhile } from "meanwhile";
import { jobs } from "./jobs.js";
import { recordVitals } from "./vitals.js";

const environment = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} must be set.`);
  return value;
};

const role = process.argv[process.argv.indexOf("--role") + 1];
const leaseMs = Number(environment("MEANWHILE_LEASE_MS"));
const retentionMs = Number(environment("SOAK_RETENTION_MS"));
const stopping = new Promise((resolve) => process.once("SIGTERM", resolve));

const meanwhile = await createMeanwhile({
  jobs: jobs.map((job) => ({ ...job, retentionMs })),
  store: environment("MEANWHILE_STORE"),
  files: environment("MEANWHILE_FILES"),
  fileLimits: { retentionMs },
  worker: role === "api" ? false : { leaseMs },
  leaseMs,
  webhooks: { allowPrivateTargets: ["127.0.0.1"], scheduleMs: [50, 200, 1_000, 1_000, 5_000, 5_000], retentionMs },
  shutdownGraceMs: Number(environment("MEANWHILE_SHUTDOWN_GRACE_MS")),
});
await meanwhile.start();
if (role === "worker") process.stdout.write("meanwhile: worker on its store\n");
else {
  const url = await meanwhile.server().listen({ port: 0 });
  const grpc = await meanwhile.grpc().listen({ port: 0 });
  process.stdout.write(`meanwhile: API ${url}/api/v2, gRPC ${grpc}\n`);
}
recordVitals({ file: environment("SOAK_VITALS"), everyMs: Number(environment("SOAK_VITALS_EVERY_MS")) });

await stopping;
await meanwhile.stop();
process.exit(0);
