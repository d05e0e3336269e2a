// The addresses of this machine itself: behind a firewall, services listen on a public one that the outside cannot reach.
import { networkInterfaces } from "node:os";
import type { Clock } from "@meanwhile/core";

export type OwnAddresses = () => readonly string[];

export const addressesOfThisMachine: OwnAddresses = () =>
  Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));

/** Looking at every interface costs more than storing a job: a burst of submits does it once. */
const KEPT_MS = 5_000;

/** For advice only, never for a connection: answers are used for five seconds. */
export function createAdviceAddresses(ownAddresses: OwnAddresses, clock: Clock): OwnAddresses {
  let known: { readonly until: number; readonly addresses: readonly string[] } | undefined;
  return () => {
    const now = clock.now();
    if (known === undefined || known.until <= now) known = { until: now + KEPT_MS, addresses: ownAddresses() };
    return known.addresses;
  };
}
