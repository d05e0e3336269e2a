// How many sendings each receiver and each owner may have at once: slow ones do not hold up the others, a receiver that is away is only probed.
import type { ClaimedDelivery } from "../store/delivery-store.js";
import type { ResolvedDeliveryOptions } from "./options.js";

export interface Receivers {
  begin(sending: Sending): void;
  /** @param outcome `unknown`: the sending was given up, and says nothing of the receiver. */
  end(sending: Sending, outcome: "answered" | "failed" | "unknown"): void;
  /** What a claim may take of the lanes and owners that are not as free as all the others. */
  rooms(): { readonly lanes: ReadonlyMap<string, number>; readonly owners: ReadonlyMap<string, number> };
}

type Sending = Pick<ClaimedDelivery, "lane" | "owner">;

/** Receivers that are away: those beyond are treated like any other until they fail again. */
const REMEMBERED_FAILURES = 1_000;

export function createReceivers({
  perTargetConcurrency,
  perOwnerConcurrency,
  probeAfterFailures,
}: Pick<ResolvedDeliveryOptions, "perTargetConcurrency" | "perOwnerConcurrency" | "probeAfterFailures">): Receivers {
  const inFlight = new Map<string, number>();
  const ofOwners = new Map<string, number>();
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
    begin({ lane, owner }) {
      count(inFlight, lane, 1);
      count(ofOwners, owner, 1);
    },
    end({ lane, owner }, outcome) {
      count(inFlight, lane, -1);
      count(ofOwners, owner, -1);
      if (outcome === "answered") failures.delete(lane);
      if (outcome === "failed") countFailure(lane);
    },
    rooms() {
      const lanes = new Map<string, number>();
      for (const [lane, sending] of inFlight)
        lanes.set(lane, Math.max(0, (isAway(lane) ? 1 : perTargetConcurrency) - sending));
      for (const lane of failures.keys()) if (!lanes.has(lane) && isAway(lane)) lanes.set(lane, 1);
      const owners = new Map<string, number>();
      for (const [owner, sending] of ofOwners) owners.set(owner, Math.max(0, perOwnerConcurrency - sending));
      return { lanes, owners };
    },
  };
}

function count(counts: Map<string, number>, key: string, by: number): void {
  const now = (counts.get(key) ?? 0) + by;
  if (now > 0) counts.set(key, now);
  else counts.delete(key);
}
