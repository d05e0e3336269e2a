// `meanwhile serve` and `meanwhile worker`: the processes that serve the API and run the jobs.
import type { Command } from "commander";
import type { LoadedSettings } from "../../config/load-settings.js";
import type { SettingName } from "../../config/settings.js";
import type { CliIo } from "../cli-io.js";
import type { OwnJobs } from "../program.js";
import { addConfigOption, addSettings, settingsOf } from "../setting-options.js";

const COMMON: readonly SettingName[] = [
  "jobs",
  "store",
  "files",
  "allowPrivateTargets",
  "leaseMs",
  "shutdownGraceMs",
  "logLevel",
];

const OF_THE_API: readonly SettingName[] = [
  "role",
  "port",
  "host",
  "grpcPort",
  "maxFileBytes",
  "publicUrl",
  "allowedOrigins",
  "drainDelayMs",
];

export function addServe(program: Command, io: CliIo, own: OwnJobs): void {
  const command = program
    .command("serve")
    .summary("serve the API and run the jobs")
    .description("Serves the API and runs the jobs, in one process or in roles of their own.")
    .addHelpText("after", "\nExample:\n  meanwhile serve --jobs ./jobs/*.ts --port 3000");
  addConfigOption(addSettings(command, [...COMMON, ...OF_THE_API]));
  command.action(async () => run(io, own, await settingsOf(command, io)));
}

export function addWorker(program: Command, io: CliIo, own: OwnJobs): void {
  const command = program
    .command("worker")
    .summary("run jobs only; the same as serve --role worker")
    .description("Runs jobs and serves no API: the same as serve --role worker.")
    .addHelpText("after", "\nExample:\n  meanwhile worker --jobs ./jobs/*.ts --store sqlite:./data/meanwhile.db");
  addConfigOption(addSettings(command, COMMON));
  command.action(async () => {
    const loaded = await settingsOf(command, io);
    await run(io, own, { ...loaded, settings: { ...loaded.settings, role: "worker" } });
  });
}

async function run(io: CliIo, own: OwnJobs, loaded: LoadedSettings): Promise<void> {
  // Loaded on use: the other commands need no server, and start twice as fast without one.
  const { runProcess } = await import("../../process/run-process.js");
  await runProcess({ ...own, io, loaded });
}
