// What a soak is judged by: which measures must stay flat, and how much each may rise.
import type { SoakProcess } from "./herd.js";
import { type Flatness, judgeFlatness, type Measure, type Tolerance } from "./slope.js";
import type { DatabaseSample } from "./soak-database.js";

export interface Verdict extends Flatness {
  readonly what: string;
  readonly unit: "MiB" | "";
}

const MIB = 1024 * 1024;

/** What is alive must not grow; what the collector and the allocator keep in reserve swings by more. */
const HEAP: Tolerance = { absolute: 4 * MIB, share: 0.08 };
const RSS: Tolerance = { absolute: 24 * MIB, share: 0.15 };
/** Readers come and go by chance. */
const DESCRIPTORS: Tolerance = { absolute: 12, share: 0.1 };
const CONNECTIONS: Tolerance = { absolute: 4, share: 0.1 };
/** The load itself varies by some per cent, and the server reuses room by and by. */
const TABLE_ROWS: Tolerance = { absolute: 300, share: 0.15 };
const TABLE_BYTES: Tolerance = { absolute: 8 * MIB, share: 0.25 };

/** Those whose rows go with the jobs or with the files. Tombstones and their keys stay for a day by design. */
const BOUNDED = new Set([
  "meanwhile_submissions",
  "meanwhile_jobs",
  "meanwhile_events",
  "meanwhile_job_logs",
  "meanwhile_files",
  "meanwhile_job_files",
  "meanwhile_job_webhooks",
  "meanwhile_deliveries",
  "meanwhile_delivery_bodies",
  "meanwhile_raised_lanes",
  "meanwhile_turns",
]);

export function judgeSoak(herd: readonly SoakProcess[], samples: readonly DatabaseSample[]): readonly Verdict[] {
  const verdict = (what: string, unit: Verdict["unit"], measures: readonly Measure[], tolerance: Tolerance) => ({
    what,
    unit,
    ...judgeFlatness(measures, tolerance),
  });
  return [
    ...herd.flatMap(({ name, vitals }) => {
      const lines = vitals();
      const of = (value: (line: (typeof lines)[number]) => number) =>
        lines.map((line) => ({ at: line.at, value: value(line) }));
      return [
        verdict(
          `${name}: live heap`,
          "MiB",
          of(({ heapBytes, externalBytes }) => heapBytes + externalBytes),
          HEAP,
        ),
        verdict(
          `${name}: RSS`,
          "MiB",
          of(({ rssBytes }) => rssBytes),
          RSS,
        ),
        verdict(
          `${name}: descriptors`,
          "",
          of(({ descriptors }) => descriptors),
          DESCRIPTORS,
        ),
      ];
    }),
    verdict(
      "database connections",
      "",
      samples.map(({ at, connections }) => ({ at, value: connections })),
      CONNECTIONS,
    ),
    ...tablesOf(samples)
      .filter((table) => BOUNDED.has(table))
      .flatMap((table) => [
        verdict(`${table}: rows`, "", series(samples, table, "rows"), TABLE_ROWS),
        verdict(`${table}: size`, "MiB", series(samples, table, "bytes"), TABLE_BYTES),
      ]),
  ];
}

export function tablesOf(samples: readonly DatabaseSample[]): readonly string[] {
  return samples.at(-1)?.tables.map(({ table }) => table) ?? [];
}

function series(samples: readonly DatabaseSample[], table: string, of: "rows" | "bytes"): readonly Measure[] {
  return samples.map(({ at, tables }) => ({ at, value: tables.find((each) => each.table === table)?.[of] ?? 0 }));
}
