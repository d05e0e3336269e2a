// The command line of the benchmark.
import { parseArgs } from "node:util";
import type { Pace } from "./measure.js";

export interface BenchOptions {
  pace: Pace;
  rounds: number;
  /** Ids of measures to run; all when empty. */
  measures: string[];
  /** Ids of entrants to run; all when empty. */
  entrants: string[];
  /** Where to write the raw figures as JSON. */
  json: string | undefined;
  redisCommand: string;
  postgresUrl: string;
  help: boolean;
}

export const USAGE = `npm run bench -- [options]

  --quick              fewer measures and jobs, shorter spells, 2 rounds: under five minutes
  --rounds N           interleaved rounds per measure (default 5; with --quick 2)
  --only a,b           measures to run ("thread" only runs when it is named)
  --entrants a,b       entrants to run
  --json FILE          also write every figure of every round as JSON
  --redis-server CMD   the redis-server to start (default: redis-server from PATH)
  --postgres-url URL   a running PostgreSQL where databases may be created
                       (default: postgres://postgres@127.0.0.1:5432/postgres)
`;

export function parseOptions(argv: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      only: { type: "string", default: "" },
      entrants: { type: "string", default: "" },
      json: { type: "string" },
      "redis-server": { type: "string", default: "redis-server" },
      "postgres-url": { type: "string", default: "postgres://postgres@127.0.0.1:5432/postgres" },
      help: { type: "boolean", default: false },
    },
  });
  return {
    pace: values.quick ? "quick" : "full",
    rounds: roundsOf(values.rounds ?? (values.quick ? "2" : "5")),
    measures: namesOf(values.only),
    entrants: namesOf(values.entrants),
    json: values.json,
    redisCommand: values["redis-server"],
    postgresUrl: values["postgres-url"],
    help: values.help,
  };
}

/** Keeps the wanted items in their own order; a name that nothing bears is the caller's mistake. */
export function choose<T extends { id: string }>(option: string, items: readonly T[], wanted: readonly string[]): T[] {
  const known = new Set(items.map((item) => item.id));
  const unknown = wanted.filter((id) => !known.has(id));
  if (unknown.length > 0) {
    throw new Error(`${option} does not know "${unknown.join('", "')}". It takes ${[...known].join(", ")}.`);
  }
  return wanted.length === 0 ? [...items] : items.filter((item) => wanted.includes(item.id));
}

function roundsOf(text: string): number {
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds takes a whole number from 1, got "${text}".`);
  return rounds;
}

function namesOf(list: string): string[] {
  return list.split(",").filter((name) => name !== "");
}
