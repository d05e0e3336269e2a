// How many sendings each receiver may get at once: a slow one does not hold up the others, one that is away is only probed.
import type { ResolvedDeliveryOptions } from "./options.js";

export interface Receivers {
  begin(lane: string): void;
  /** @param outcome `unknown`: the sending was given up, and says nothing of the receiver. */
  end(lane: string, outcome: "answered" | "failed" | "unknown"): void;
  /** What a claim may take of the lanes that are not as free as all the others. */
  rooms(): ReadonlyMap<string, number>;
}

/** Receivers that are away: those beyond are treated like any other until they fail again. */
const REMEMBERED_FAILURES = 1_000;

export function createReceivers({
  perTargetConcurrency,
  probeAfterFailures,
}: Pick<ResolvedDeliveryOptions, "perTargetConcurrency" | "probeAfterFailures">): Receivers {
  const inFlight = new Map<string, number>();
  /** Failures in a row, of receivers that have any; the one that failed last stands last. */
  const failures = new Map<string, number>();

  const isAway = (lane: string): boolean => (failures.get(lane) ?? 0) >= probeAfterFailures;
  const countFailure = (lane: string): void => {
    const count = (failures.get(lane) ?? 0) + 1;
    failures.delete(lane);
    failures.set(lane, count);
    const [oldest] = failures.keys();
    if (failures.size > REMEMBERED_FAILURES && oldest !== undefined) failures.delete(oldest);
  };

  return {
    begin(lane) {
      inFlight.set(lane, (inFlight.get(lane) ?? 0) + 1);
    },
    end(lane, outcome) {
      const left = (inFlight.get(lane) ?? 0) - 1;
      if (left > 0) inFlight.set(lane, left);
      else inFlight.delete(lane);
      if (outcome === "answered") failures.delete(lane);
      if (outcome === "failed") countFailure(lane);
    },
    rooms() {
      const rooms = new Map<string, number>();
      for (const [lane, count] of inFlight)
        rooms.set(lane, Math.max(0, (isAway(lane) ? 1 : perTargetConcurrency) - count));
      for (const lane of failures.keys()) if (!rooms.has(lane) && isAway(lane)) rooms.set(lane, 1);
      return rooms;
    },
  };
}
