// `meanwhile cancel` and `meanwhile rerun`: what can be done with a job that is there.
import type { JobResource } from "@meanwhile/protocol";
import type { Command } from "commander";
import { type CliIo, printJson, printLine } from "../cli-io.js";
import { addServerOptions, apiOf } from "../setting-options.js";

export function addCancel(program: Command, io: CliIo): void {
  const command = addServerOptions(program.command("cancel"))
    .summary("cancel a job")
    .description("Cancels a job: at once where it waits; a running one is told to stop.")
    .argument("<id>", "the job's id")
    .option("--json", "print the job as JSON")
    .addHelpText("after", "\nExample:\n  meanwhile cancel 0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d");
  command.action(async (id: string) => {
    const api = await apiOf(command, io);
    const { body: job } = await api.request<JobResource>(`/api/v2/jobs/${encodeURIComponent(id)}/cancel`, {
      method: "POST",
    });
    if (command.opts<{ json?: true }>().json === true) printJson(io.stdout, job);
    else
      printLine(
        io.stdout,
        job.status === "CANCELLED" ? "CANCELLED" : `${job.status}: the running attempt was told to stop.`,
      );
  });
}

export function addRerun(program: Command, io: CliIo): void {
  const command = addServerOptions(program.command("rerun"))
    .summary("run a finished job again, as a new one")
    .description("Submits a finished job again, as a new one with the same parameters, and prints the new id.")
    .argument("<id>", "the finished job's id")
    .option("--json", "print the new job as JSON")
    .addHelpText("after", "\nExample:\n  meanwhile watch $(meanwhile rerun 0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d)");
  command.action(async (id: string) => {
    const api = await apiOf(command, io);
    const { body: job } = await api.request<JobResource>(`/api/v2/jobs/${encodeURIComponent(id)}/rerun`, {
      method: "POST",
    });
    if (command.opts<{ json?: true }>().json === true) printJson(io.stdout, job);
    else printLine(io.stdout, job.id);
  });
}
