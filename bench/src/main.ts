// The command: parses options, runs the measures, writes the report, and leaves nothing behind, even on Ctrl-C.
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { inspectEnvironment, loadText } from "./environment.js";
import { measures } from "./measures/measures.js";
import { choose, parseOptions, USAGE } from "./options.js";
import { reportOf } from "./report.js";
import type { RunResults } from "./results.js";
import { runMeasures } from "./run.js";

const RESULTS = new URL("../results/", import.meta.url);

const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => stop(signal));

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function main(argv: readonly string[]): Promise<number> {
  const options = parseOptions(argv);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const named = choose("--only", measures, options.measures);
  const chosen =
    options.measures.length > 0
      ? named
      : named.filter(({ onRequest, takesLong }) => !onRequest && !(takesLong && options.pace === "quick"));
  const all = uniqueById(chosen.flatMap((measure) => measure.entrants));
  const taking = choose("--entrants", all, options.entrants);
  const plan = chosen.map((measure) => ({
    ...measure,
    entrants: measure.entrants.filter(
      (entrant) =>
        taking.some(({ id }) => id === entrant.id) &&
        !(options.pace === "quick" && measure.fullPaceOnly?.includes(entrant) === true),
    ),
  }));
  const servers = { redisCommand: options.redisCommand, postgresUrl: options.postgresUrl };

  const startedAt = new Date().toISOString();
  const { facts, missing } = await inspectEnvironment(taking, servers);
  const results: RunResults = {
    pace: options.pace,
    rounds: options.rounds,
    facts: { Started: startedAt, ...facts },
    turns: [],
    failures: [],
  };
  const onProgress = (line: string) => console.error(line);
  await runMeasures({ ...options, measures: plan, servers, missing, signal: interrupt.signal, onProgress }, results);
  if (interrupt.signal.aborted) return 130;

  results.facts["Load after"] = loadText();
  const report = reportOf(results, plan);
  await mkdir(RESULTS, { recursive: true });
  const file = new URL(`${startedAt.replaceAll(":", "-")}.md`, RESULTS);
  await writeFile(file, report);
  if (options.json !== undefined) await writeFile(options.json, JSON.stringify(results, null, 2));
  console.log(report);
  console.error(`Written to ${fileURLToPath(file)}`);
  return results.failures.length === 0 ? 0 : 1;
}

/** The run takes the processes of its turn away and then ends by itself. */
function stop(signal: NodeJS.Signals): void {
  console.error(`${signal}: ending processes, dropping databases, removing directories …`);
  interrupt.abort();
}

function uniqueById<T extends { id: string }>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [item.id, item])).values()];
}
