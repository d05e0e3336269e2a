// `meanwhile submit`: one job from the command line.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { text as readText } from "node:stream/consumers";
import type { JobResource } from "@meanwhile/protocol";
import type { Command } from "commander";
import { addTimeoutOption, awaitJob, requireCompleted } from "../await-job.js";
import { CliError } from "../cli-error.js";
import { type CliIo, printJson, printLine } from "../cli-io.js";
import { integer, repeatable, wholeNumber } from "../option-values.js";
import { createProgressView } from "../progress-view.js";
import { addServerOptions, apiOf } from "../setting-options.js";

interface SubmitFlags {
  wait?: true;
  json?: true;
  timeoutMs?: number;
  idempotencyKey?: string;
  priority?: number;
  delayMs?: number;
  runAt?: string;
  tag?: string[];
  callbackId?: string;
  concurrencyKey?: string;
  webhook?: string;
}

export function addSubmit(program: Command, io: CliIo): void {
  const command = program
    .command("submit")
    .summary("submit one job")
    .description("Submits one job and prints its id; with --wait, its result.")
    .argument("<type>", "the job type, for instance images.convert")
    .argument("[parameters]", "JSON, @file with JSON, or @- for standard input", "{}")
    .option("--wait", "follow the job to its end and print its result")
    .option("--idempotency-key <key>", "the same key with the same request gives the same job")
    .option("--priority <number>", "from -100 to 100, higher first", integer)
    .option("--delay-ms <number>", "not before this time from now", wholeNumber)
    .option("--run-at <instant>", "not before this instant, for instance 2026-11-22T09:00:00Z")
    .option("--tag <tag>", "a word to find the job by, may be repeated", repeatable)
    .option("--callback-id <id>", "your own word for the job")
    .option("--concurrency-key <key>", "jobs with the same key run one after the other")
    .option("--webhook <url>", "where the server tells of the job's end; see: meanwhile webhooks listen --help")
    .option("--json", "print the whole job as JSON")
    .addHelpText("after", "\nExample:\n  meanwhile submit demo.countdown '{\"steps\": 3}' --wait");
  addTimeoutOption(addServerOptions(command));
  command.action(async (type: string, parameters: string) => {
    const flags = command.opts<SubmitFlags>();
    const body = { type, parameters: await readParameters(parameters, io), ...envelopeOf(flags) };
    const api = await apiOf(command, io);
    const key = flags.idempotencyKey;
    const { body: job } = await api.request<JobResource>("/api/v2/jobs", {
      method: "POST",
      body,
      headers: key === undefined ? {} : { "idempotency-key": key },
    });
    if (flags.wait !== true) {
      if (flags.json === true) printJson(io.stdout, job);
      else printLine(io.stdout, job.id);
      return;
    }
    // The way there is for people, on the standard error; the result is for scripts.
    const view = createProgressView(io.stderr, { json: false });
    const ended = await awaitJob(api, job.id, { io, view, timeoutMs: flags.timeoutMs });
    if (flags.json === true) printJson(io.stdout, ended);
    requireCompleted(ended);
    if (flags.json !== true) printJson(io.stdout, ended.result);
  });
}

function envelopeOf(flags: SubmitFlags): Record<string, unknown> {
  const { priority, delayMs, runAt, tag, callbackId, concurrencyKey, webhook } = flags;
  const members = {
    priority,
    delayMs,
    runAt,
    tags: tag,
    callbackId,
    concurrencyKey,
    webhook: webhook === undefined ? undefined : { url: webhook },
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

async function readParameters(argument: string, io: CliIo): Promise<unknown> {
  const place = argument.startsWith("@") ? argument.slice(1) : undefined;
  const json = place === undefined ? argument : await readPlace(place, io);
  try {
    return JSON.parse(json);
  } catch (cause) {
    const from = place === undefined ? "The parameters are" : place === "-" ? "Standard input is" : `${place} is`;
    throw new CliError("usage", `${from} not JSON: ${(cause as Error).message}. Write for instance '{"steps": 3}'.`);
  }
}

async function readPlace(place: string, io: CliIo): Promise<string> {
  if (place === "-") return readText(io.stdin);
  try {
    return await readFile(resolve(io.cwd, place), "utf8");
  } catch (cause) {
    throw new CliError("usage", `${place} cannot be read: ${(cause as Error).message}`);
  }
}
