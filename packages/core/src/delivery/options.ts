// Options of the deliveries: what a receiver is granted before it counts as away.
import { ConfigurationError } from "../errors.js";
import { requireInteger, requireMs } from "../options.js";

export interface DeliveryOptions {
  /**
   * Waits before the second, third … attempt, in milliseconds, each with 10 % of jitter; behind the last one a delivery is
   * `EXHAUSTED`. Default: 5 s, 30 s, 2 min, 10 min, 1 h, 3 h, 8 h, 24 h.
   */
  scheduleMs?: readonly number[];
  /** Sendings at once in this process. Default: 100. */
  concurrency?: number;
  /** Of them to one receiver of one owner, so that a slow one does not hold up the others. Default: 20. */
  perTargetConcurrency?: number;
  /**
   * Of them for one owner, so that who has many slow receivers does not hold up everybody else. Default: half of `concurrency`, at
   * least `perTargetConcurrency`.
   */
  perOwnerConcurrency?: number;
  /** After so many failures in a row a receiver is tried by one sending at a time, until it answers. Default: 5. */
  probeAfterFailures?: number;
  /** Longest time of one sending, in milliseconds; channels may allow less. Default: 20 000. */
  sendTimeoutMs?: number;
  /** How long a process may hold a delivery; at least twice `sendTimeoutMs`. Default: 60 000. */
  leaseMs?: number;
  /** A standing endpoint that has failed for so long is disabled, in milliseconds. Default: five days. */
  disableAfterMs?: number;
  /** … but not before so many failures in a row. Default: 10. */
  disableAfterFailures?: number;
  /** How long finished deliveries are kept, in milliseconds. Default: 30 days. */
  retentionMs?: number;
}

export type ResolvedDeliveryOptions = Required<DeliveryOptions>;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const DEFAULT_DELIVERY_SCHEDULE_MS: readonly number[] = [
  5 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  HOUR,
  3 * HOUR,
  8 * HOUR,
  24 * HOUR,
];

/** Each delivery keeps its attempts; more of them would be a log. */
const LONGEST_SCHEDULE = 50;

/** @throws ConfigurationError that names the option, what came, and what would do. */
export function resolveDeliveryOptions(options: DeliveryOptions = {}): ResolvedDeliveryOptions {
  const concurrency = requireInteger("concurrency", options.concurrency ?? 100, { min: 1 });
  const perTargetConcurrency = requireInteger("perTargetConcurrency", options.perTargetConcurrency ?? 20, { min: 1 });
  const perOwner = options.perOwnerConcurrency ?? Math.max(Math.ceil(concurrency / 2), perTargetConcurrency);
  const sendTimeoutMs = requireMs("sendTimeoutMs", options.sendTimeoutMs ?? 20 * SECOND, { min: 1 });
  return {
    scheduleMs: requireSchedule(options.scheduleMs ?? DEFAULT_DELIVERY_SCHEDULE_MS),
    concurrency,
    perTargetConcurrency,
    perOwnerConcurrency: requireInteger("perOwnerConcurrency", perOwner, { min: 1 }),
    probeAfterFailures: requireInteger("probeAfterFailures", options.probeAfterFailures ?? 5, { min: 1 }),
    sendTimeoutMs,
    // The other half is for the write of what became of it, and for clocks that differ.
    leaseMs: requireMs("leaseMs", options.leaseMs ?? Math.max(MINUTE, 3 * sendTimeoutMs), { min: 2 * sendTimeoutMs }),
    disableAfterMs: requireMs("disableAfterMs", options.disableAfterMs ?? 5 * DAY),
    disableAfterFailures: requireInteger("disableAfterFailures", options.disableAfterFailures ?? 10, { min: 1 }),
    retentionMs: requireMs("retentionMs", options.retentionMs ?? 30 * DAY),
  };
}

function requireSchedule(waits: readonly number[]): readonly number[] {
  if (!Array.isArray(waits) || waits.length > LONGEST_SCHEDULE) {
    throw new ConfigurationError(
      `scheduleMs must be a list of at most ${LONGEST_SCHEDULE} waits in milliseconds, such as [5000, 30000]; got ${JSON.stringify(waits)}.`,
    );
  }
  return waits.map((wait, index) => requireMs(`scheduleMs[${index}]`, wait));
}
