// A soak as a page of Markdown: conditions, what was done, what was measured, and the verdict.
import { cpus, totalmem } from "node:os";
import type { SoakProcess } from "./herd.js";
import type { Ledger } from "./ledger.js";
import type { DatabaseSample } from "./soak-database.js";
import { tablesOf, type Verdict } from "./verdict.js";

export interface SoakReport {
  readonly seconds: number;
  readonly jobsPerSecond: number;
  readonly retentionMs: number;
  readonly seed: number;
  readonly serverVersion: string;
  readonly ledger: Ledger;
  readonly herd: readonly SoakProcess[];
  readonly samples: readonly DatabaseSample[];
  /** None where it was too short to be judged. */
  readonly verdicts: readonly Verdict[];
}

const MIB = 1024 * 1024;

export function writeReport(soak: SoakReport): string {
  const { seconds, jobsPerSecond, retentionMs, seed, serverVersion, ledger, herd, samples, verdicts } = soak;
  return [
    "# Soak",
    `Two API and two worker processes on PostgreSQL ${serverVersion}, Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 1024 ** 3)} GiB. ` +
      `${seconds} s of load at ${jobsPerSecond} jobs/s wanted, finished jobs kept for ${retentionMs / 1_000} s, seed ${seed}. ` +
      "Callers, readers and the receiver of webhooks run on the same machine, in one more process.",
    `Accepted ${ledger.counts.get("accepted") ?? 0} jobs, held ${ledger.auditedCount} finished ones against the invariants; ${ledger.faults.length} faults.`,
    ...ledger.faults.map((fault) => `- ${fault}`),
    "## What was done",
    table(
      ["what", "count"],
      [...ledger.counts].sort(([a], [b]) => a.localeCompare(b)),
    ),
    "## Processes: first, a third, last, most",
    table(
      [
        "process",
        "RSS MiB",
        "live heap + external MiB",
        "descriptors",
        "loop delay p99 ms (median, most)",
        "loop delay max ms",
      ],
      herd.map(rowOfProcess),
    ),
    "Heaps are measured behind a forced collection, every time.",
    "## Database: first, a third, last, most",
    table(
      ["table", "rows", "MiB with indexes"],
      tablesOf(samples).map((name) => rowOfTable(name, samples)),
    ),
    `Connections: ${course(
      samples.map(({ connections }) => connections),
      0,
    )}.`,
    "## Verdict",
    verdicts.length === 0
      ? "Too short to judge a slope."
      : table(
          ["measure", "mean", "rise over the last two thirds", "allowed", "an hour", ""],
          verdicts.map(({ what, unit, mean, rise, allowed, risePerHour, isFlat }) => [
            what,
            ...[mean, rise, allowed, risePerHour].map((value) =>
              `${shown(unit === "MiB" ? value / MIB : value)} ${unit}`.trim(),
            ),
            isFlat ? "flat" : "**RISES**",
          ]),
        ),
    "",
  ].join("\n\n");
}

function rowOfProcess({ name, vitals }: SoakProcess): readonly string[] {
  const lines = vitals();
  const p99 = lines
    .slice(1)
    .map(({ loopDelayP99Ms }) => loopDelayP99Ms)
    .sort((a, b) => a - b);
  return [
    name,
    course(lines.map(({ rssBytes }) => rssBytes / MIB)),
    course(lines.map(({ heapBytes, externalBytes }) => (heapBytes + externalBytes) / MIB)),
    course(
      lines.map(({ descriptors }) => descriptors),
      0,
    ),
    `${shown(p99[Math.floor(p99.length / 2)] ?? 0)}, ${shown(p99.at(-1) ?? 0)}`,
    shown(Math.max(0, ...lines.slice(1).map(({ loopDelayMaxMs }) => loopDelayMaxMs))),
  ];
}

function rowOfTable(name: string, samples: readonly DatabaseSample[]): readonly string[] {
  const sizes = samples.map(({ tables }) => tables.find(({ table: each }) => each === name));
  return [
    name,
    course(
      sizes.map((size) => size?.rows ?? 0),
      0,
    ),
    course(sizes.map((size) => (size?.bytes ?? 0) / MIB)),
  ];
}

function course(values: readonly number[], digits = 1): string {
  const places = [0, Math.floor(values.length / 3), values.length - 1];
  return [...places.map((place) => values[place] ?? 0), Math.max(0, ...values)]
    .map((value) => value.toFixed(digits))
    .join(", ");
}

function shown(value: number): string {
  return value.toFixed(Math.abs(value) < 100 ? 1 : 0);
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
