// The worker's options: declared once, resolved once.
import { ConfigurationError } from "../errors.js";
import { requireInteger, requireMs } from "../options.js";

export interface WorkerOptions {
  /** Job types this worker runs. Default: every type of the catalog. */
  types?: readonly string[];
  /** Attempts running at once in this process over all types; at least 1, `false` for the sum of the types' own. Default: `false`. */
  concurrency?: number | false;
  /** How long a lease lasts without a heartbeat, in milliseconds; at least 300. Heartbeats come every third of it. Default: 15 000. */
  leaseMs?: number;
  /** How long a handler may take to stop after its signal fired, in milliseconds; then its outcome is settled without it. Default: 5 000. */
  abortGraceMs?: number;
  /** Progress of one job is written at most this often, in milliseconds; the last one always. Default: 100. */
  progressEveryMs?: number;
  /** How often the store is asked for work without any hint, in milliseconds. Default: 1 000. */
  pollEveryMs?: number;
}

export interface ResolvedWorkerOptions {
  readonly types: readonly string[] | undefined;
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly abortGraceMs: number;
  readonly progressEveryMs: number;
  readonly pollEveryMs: number;
}

export const DEFAULT_LEASE_MS = 15_000;

// Below this, one slow commit would cost a live worker its leases.
const SHORTEST_LEASE_MS = 300;

/** @throws ConfigurationError naming the option, what came and what would do. */
export function resolveWorkerOptions(options: WorkerOptions = {}): ResolvedWorkerOptions {
  if (options.types !== undefined && options.types.length === 0) {
    throw new ConfigurationError(
      "worker.types must name at least one type, or be left out for all of them; got an empty list.",
    );
  }
  const { concurrency = false } = options;
  return {
    types: options.types,
    concurrency:
      concurrency === false ? Number.POSITIVE_INFINITY : requireInteger("worker.concurrency", concurrency, { min: 1 }),
    leaseMs: requireMs("worker.leaseMs", options.leaseMs ?? DEFAULT_LEASE_MS, { min: SHORTEST_LEASE_MS }),
    abortGraceMs: requireMs("worker.abortGraceMs", options.abortGraceMs ?? 5_000),
    progressEveryMs: requireMs("worker.progressEveryMs", options.progressEveryMs ?? 100),
    pollEveryMs: requireMs("worker.pollEveryMs", options.pollEveryMs ?? 1_000, { min: 1 }),
  };
}
