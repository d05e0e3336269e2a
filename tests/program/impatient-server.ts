// A server or worker that gives up on dead neighbours soon: like `meanwhile serve`, but what a killed process was sending
// waits two seconds for it, not a minute.
//
// Environment: as of `meanwhile serve`. Arguments: `--role` and its value.

import { createMeanwhile } from "meanwhile";
import { jobs } from "./jobs.js";

const environment = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} must be set.`);
  return value;
};

const role = process.argv[process.argv.indexOf("--role") + 1];
const leaseMs = Number(environment("MEANWHILE_LEASE_MS"));
const stopping = new Promise((resolve) => process.once("SIGTERM", resolve));

const meanwhile = await createMeanwhile({
  jobs,
  store: environment("MEANWHILE_STORE"),
  files: environment("MEANWHILE_FILES"),
  worker: role === "api" ? false : { leaseMs },
  leaseMs,
  webhooks: {
    allowPrivateTargets: ["127.0.0.1"],
    scheduleMs: Array.from({ length: 50 }, () => 20),
    timeoutMs: 600,
    leaseMs: 2_000,
  },
  shutdownGraceMs: Number(environment("MEANWHILE_SHUTDOWN_GRACE_MS")),
});
await meanwhile.start();
if (role === "worker") process.stdout.write("meanwhile: worker on its store\n");
else {
  const url = await meanwhile.server().listen({ port: 0 });
  const grpc = await meanwhile.grpc().listen({ port: 0 });
  process.stdout.write(`meanwhile: API ${url}/api/v2, gRPC ${grpc}\n`);
}

await stopping;
await meanwhile.stop();
process.exit(0);
