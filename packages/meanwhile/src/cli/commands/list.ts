// `meanwhile list`: jobs, newest first.
import { JOB_STATUSES, type JobResource, LIMITS, type PageResource } from "@meanwhile/protocol";
import { type Command, Option } from "commander";
import { type CliIo, printJson, printLine } from "../cli-io.js";
import { percentText } from "../event-text.js";
import { positiveNumber } from "../option-values.js";
import { addServerOptions, apiOf } from "../setting-options.js";
import { tableLines } from "../table.js";

interface ListFlags {
  status?: string;
  type?: string;
  tag?: string;
  callbackId?: string;
  createdAfter?: string;
  createdBefore?: string;
  limit: number;
  json?: true;
}

export function addList(program: Command, io: CliIo): void {
  const command = addServerOptions(program.command("list"))
    .summary("list jobs")
    .description("Lists jobs, newest first.")
    .addOption(new Option("--status <status>", "only jobs in this status").choices(JOB_STATUSES))
    .option("--type <type>", "only jobs of this type")
    .option("--tag <tag>", "only jobs with this tag")
    .option("--callback-id <id>", "only jobs with this word of the caller")
    .option("--created-after <instant>", "only newer jobs, for instance 2026-11-22T09:00:00Z")
    .option("--created-before <instant>", "only older jobs")
    .option(
      "--limit <number>",
      "at most this many; more than 200 are fetched in pages",
      positiveNumber,
      LIMITS.pageItems.default,
    )
    .option("--json", "print the jobs as a JSON array")
    .addHelpText("after", "\nExample:\n  meanwhile list --status FAILED --type images.convert");
  command.action(async () => {
    const flags = command.opts<ListFlags>();
    const api = await apiOf(command, io);
    const jobs: JobResource[] = [];
    let cursor: string | null = null;
    do {
      const query = queryOf(flags, { limit: Math.min(LIMITS.pageItems.max, flags.limit - jobs.length), cursor });
      const page = (await api.request<PageResource<JobResource>>(`/api/v2/jobs?${query}`)).body;
      jobs.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null && jobs.length < flags.limit);
    if (flags.json === true) printJson(io.stdout, jobs);
    else for (const line of listLines(jobs)) printLine(io.stdout, line);
    if (flags.json !== true && cursor !== null) printLine(io.stderr, "There are more; raise --limit to see them.");
  });
}

function queryOf(flags: ListFlags, { limit, cursor }: { limit: number; cursor: string | null }): URLSearchParams {
  const { status, type, tag, callbackId, createdAfter, createdBefore } = flags;
  const members = { status, type, tag, callbackId, createdAfter, createdBefore, cursor: cursor ?? undefined };
  const query = new URLSearchParams({ limit: String(limit) });
  for (const [name, value] of Object.entries(members)) if (value !== undefined) query.set(name, value);
  return query;
}

function listLines(jobs: readonly JobResource[]): readonly string[] {
  if (jobs.length === 0) return ["No jobs."];
  return tableLines([
    ["ID", "TYPE", "STATUS", "DONE", "ATTEMPT", "CREATED"],
    ...jobs.map((job) => [
      job.id,
      job.type,
      job.status,
      percentText(job.progress),
      `${job.attempt}/${job.maxAttempts}`,
      job.createdAt,
    ]),
  ]);
}
