// The processes of a soak: two that serve and two that work, on one database, each telling its vitals.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { descriptorsOf } from "../harness/process-facts.js";
import { type Served, serve } from "../harness/serve.js";
import type { Vitals } from "../program/vitals.js";
import type { Ways } from "../readers/reader.js";

export interface SoakHerdOptions {
  readonly storeUrl: string;
  /** Their vitals, and the bytes of files. */
  readonly folder: string;
  readonly retentionMs: number;
  readonly vitalsEveryMs: number;
}

export interface SoakProcess {
  readonly name: string;
  readonly program: Served;
  /** Descriptors before anybody called. */
  readonly descriptorsAtRest: number;
  vitals(): readonly Vitals[];
}

const LINE_UP = [
  { name: "api 1", role: "api" },
  { name: "api 2", role: "api" },
  { name: "worker 1", role: "worker" },
  { name: "worker 2", role: "worker" },
] as const;

export async function startSoakHerd(options: SoakHerdOptions): Promise<readonly SoakProcess[]> {
  const { storeUrl, folder, retentionMs, vitalsEveryMs } = options;
  return Promise.all(
    LINE_UP.map(async ({ name, role }) => {
      const file = join(folder, `${name.replace(" ", "-")}.jsonl`);
      const program = await serve({
        program: "soak-server",
        folder,
        role,
        grpc: true,
        // As users have it: a machine that is busy with other things must not look like one that died.
        leaseMs: 15_000,
        env: {
          MEANWHILE_STORE: storeUrl,
          SOAK_VITALS: file,
          SOAK_VITALS_EVERY_MS: String(vitalsEveryMs),
          SOAK_RETENTION_MS: String(retentionMs),
        },
      });
      return { name, program, descriptorsAtRest: descriptorsOf(program.pid), vitals: () => readVitals(file) };
    }),
  );
}

/** Of the processes that serve. */
export function waysOf(herd: readonly SoakProcess[]): readonly Ways[] {
  return herd.flatMap(({ program: { httpPort, grpcPort } }) =>
    httpPort === undefined ? [] : [{ http: `127.0.0.1:${httpPort}`, grpc: `127.0.0.1:${grpcPort}` }],
  );
}

function readVitals(file: string): readonly Vitals[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line) => JSON.parse(line) as Vitals);
}
