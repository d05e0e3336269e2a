// The part of the storage port that keeps deliveries: one row for each event and each target that wants it.
//
// 1. Rows are queued by `jobs.insert`, `jobs.claim` and `jobs.commit`, in the transaction of the event itself (invariant I1):
//    one for the job's own `webhook`, one for each endpoint of its owner that is enabled and wants the event, and one for each
//    feed that was configured. The body is fixed there, from the job as the transaction leaves it, and outlives the job.
// 2. A line is what one job sends to one target. Only its head is ever due; the others wait until the one before them is
//    finished. A delivery that was finished once is out of its line for good, also where it is queued again.
// 3. A lane is what shares one limit: an owner's deliveries to one receiver. Claims take from many lanes, little from each.
// 4. A lease fences a sending as it fences an attempt (invariant I4). One that has run out makes the delivery due again.
import type { DeliveryStatus } from "@meanwhile/protocol";
import type { Delivery, DeliveryAttempt, DeliveryFilter, DeliveryPage } from "../delivery/webhooks.js";

export interface DeliveryStore {
  /**
   * What the deliveries that this process queues need and no row holds. Said once, before the first write; without it links are
   * absolute paths, and there is no feed.
   *
   * @param options.feeds Channels that get a delivery of every event of every job, whoever owns it.
   */
  configure(options: { linkBase: string; feeds?: readonly string[] }): void;

  /**
   * Calls `listener` after a commit of this process that queued deliveries, or queued some again: a hint (invariant I5).
   *
   * @returns ends the listening; may be called twice.
   */
  onQueued(listener: () => void): () => void;

  /**
   * Leases due deliveries. The lanes go in the order of their oldest due delivery; of each at most `perLane` are taken, or
   * what `lanes` says for it, oldest due first; of each owner at most `perOwner`, or what `owners` says; `limit` in all. No delivery is ever claimed by two callers. The cost grows
   * neither with finished deliveries nor with those that wait behind others or for a later instant.
   *
   * An endpoint's deliveries go to the address that it has now.
   */
  claim(request: DeliveryClaimRequest): Promise<DeliveryClaim>;

  /**
   * Writes what became of sendings, in one transaction; each alone may have lost its lease, and then writes nothing. A
   * finished head makes the next of its line due at once.
   */
  settle(settlements: readonly DeliverySettlement[]): Promise<readonly DeliverySettleResult[]>;

  /** Ends leases as if they had never been: the deliveries are due at once, for anybody. Lost ones are passed over. */
  handBack(leases: readonly HeldDelivery[]): Promise<void>;

  /** The delivery, whoever owns it. */
  find(deliveryId: string): Promise<Delivery | undefined>;

  /**
   * Newest first (by insertion).
   *
   * @param query.owner `undefined`: every owner's.
   * @throws AppError `invalid_request` where the cursor cannot be read.
   */
  list(query: DeliveryFilter & { readonly owner?: string }): Promise<DeliveryPage>;

  /**
   * Makes a delivery due now, with a whole schedule of attempts: a finished one again, an unfinished one earlier.
   * `waiting`: it stands behind another one of its line; `leased`: it is being sent; nothing was written for either.
   */
  requeue(deliveryId: string, options?: { now?: number }): Promise<"queued" | "waiting" | "leased" | "missing">;

  /**
   * `requeue` of deliveries of an endpoint that are `EXHAUSTED` or `STOPPED` and were finished in [since, until], oldest
   * first, at most `limit`. @returns how many.
   */
  recover(range: RecoverRange): Promise<number>;

  /** Makes unfinished deliveries of an endpoint `STOPPED`, at most `limit`; those being sent are passed over. @returns how many. */
  stop(options: { endpointId: string; limit: number; now?: number }): Promise<number>;

  /** Erases deliveries that were finished before an instant, with their bodies, oldest first, at most `limit`. @returns how many. */
  prune(options: { finishedBefore: number; limit: number }): Promise<number>;
}

export interface DeliveryClaimRequest {
  /** New for every request: it fences all the leases of this claim. */
  readonly leaseToken: string;
  readonly leaseMs: number;
  /** Those that the caller serves. */
  readonly channels: readonly string[];
  readonly limit: number;
  readonly perLane: number;
  /** Lanes of which another number may be taken; with 0 they are left alone. */
  readonly lanes: ReadonlyMap<string, number>;
  /** Of one owner at most, over all lanes: who has many slow receivers must not hold up everybody else. */
  readonly perOwner: number;
  /** Owners of whom another number may be taken; with 0 they are left alone. */
  readonly owners: ReadonlyMap<string, number>;
  readonly now?: number;
}

export interface DeliveryClaim {
  readonly deliveries: readonly ClaimedDelivery[];
  /**
   * When the next delivery of these channels is due, those left alone by `lanes` and `owners` not counted; leased ones count with the end of
   * their lease. It may have passed, where more was due than was taken. `null`: never, as it stands.
   */
  readonly nextDueAt: number | null;
}

export interface HeldDelivery {
  readonly deliveryId: string;
  readonly leaseToken: string;
}

/** A delivery that a claim took, with all that its sending needs. */
export interface ClaimedDelivery extends Delivery {
  readonly leaseToken: string;
  readonly lane: string;
  readonly body: string;
  /** Attempts since it was queued, or queued again: the place in the schedule. */
  readonly roundAttempts: number;
  /** The secret that the job itself brought. */
  readonly secret: string | null;
  readonly traceparent: string | null;
  /** `null` where there is none, or none any more: see `endpointId`. */
  readonly endpoint: { readonly enabled: boolean /** Newest first. */; readonly secrets: readonly string[] } | null;
}

/** What a delivery becomes: facts, decided by core. */
export interface DeliverySettlement extends HeldDelivery {
  readonly status: DeliveryStatus;
  readonly attemptCount: number;
  readonly roundAttempts: number;
  readonly attempts: readonly DeliveryAttempt[];
  /** `null` where it is finished. */
  readonly nextAttemptAt: number | null;
  readonly at: number;
  /** What this says of the endpoint: `answered` ends its row of failures, `failed` counts one more; `null`: nothing. */
  readonly endpointHealth: "answered" | "failed" | null;
  /** Whether the row and its body are erased with this: nobody will ask for it any more. */
  readonly erases: boolean;
}

export type DeliverySettleResult =
  /** `failing`: the endpoint's row of failures, where this was one more of it. */
  { readonly outcome: "settled"; readonly failing: EndpointFailures | null } | { readonly outcome: "lost" };

export interface EndpointFailures {
  readonly since: number;
  readonly count: number;
}

export interface RecoverRange {
  readonly endpointId: string;
  readonly since: number;
  readonly until: number;
  readonly limit: number;
  readonly now?: number;
}
