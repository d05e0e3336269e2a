// The verbs of webhooks: standing endpoints, secrets, and what became of each delivery. Each call carries a principal (I10).
import type { DeliveryStatus, JobEventType } from "@meanwhile/protocol";
import type { Access } from "../engine/engine.js";
import type { JobId } from "../job/job.js";

/**
 * Everything a caller may ask for about webhooks. Another owner's things answer as if they did not exist (`not_found`).
 *
 * Endpoints, secrets, `retryDelivery` and `recover` need the scope `webhooks:manage`, reading deliveries `jobs:read`.
 * Without it: AppError `forbidden`. Every verb may throw `store_unavailable`.
 */
export interface WebhookVerbs {
  /**
   * Makes a standing endpoint. Every event that commits from then on is matched against it.
   *
   * @param input As sent, `{url, types?, events?, secret?, enabled?}`; it is checked here. `types` default to all, `events` to
   *   those that end a job, `secret` is made where none is given.
   * @returns the endpoint, and its secret: the one time that it is shown.
   * @throws AppError `invalid_parameters` with pointers such as `#/url`; `quota_exceeded` beyond 100 endpoints of one owner.
   */
  createEndpoint(input: unknown, access: Access): Promise<{ endpoint: WebhookEndpoint; secret: string }>;

  /** The principal's own endpoints, newest first. @throws AppError `invalid_request` where the cursor cannot be read. */
  listEndpoints(query: { limit: number; cursor?: string }, access: Access): Promise<WebhookEndpointPage>;

  /** @throws AppError `not_found`. */
  getEndpoint(endpointId: string, access: Access): Promise<WebhookEndpoint>;

  /**
   * Changes what is given and nothing else. Disabling stops the deliveries that are not finished; enabling forgets why it was
   * disabled, and sends what happens from then on: what was missed comes with `recover`.
   *
   * @param input As sent: `{url?, types?, events?, enabled?}`; `types: null` is all types.
   * @throws AppError `not_found`, `invalid_parameters` with pointers.
   */
  updateEndpoint(endpointId: string, input: unknown, access: Access): Promise<WebhookEndpoint>;

  /** Its deliveries that are not finished are stopped; all of them stay readable. @throws AppError `not_found`. */
  removeEndpoint(endpointId: string, access: Access): Promise<void>;

  /** A new secret; the one before signs along for 24 hours. @throws AppError `not_found`. */
  rotateSecret(endpointId: string, access: Access): Promise<{ secret: string }>;

  /**
   * Sends again what was given up (`EXHAUSTED`, `STOPPED`) at or after an instant, each with a whole schedule of attempts.
   *
   * @param input As sent: `{since}`, an RFC 3339 instant.
   * @returns how many deliveries are queued again.
   * @throws AppError `not_found`, `invalid_parameters`; `conflict` where the endpoint is disabled.
   */
  recover(endpointId: string, input: unknown, access: Access): Promise<{ queued: number }>;

  /** The principal's own secret, by which deliveries of jobs without a secret of their own are signed; made at first use. */
  ownSecret(access: Access): Promise<{ secret: string }>;

  /** The principal's own deliveries, newest first; every owner's with `jobs:admin`. @throws AppError `invalid_request`. */
  listDeliveries(query: DeliveryFilter, access: Access): Promise<DeliveryPage>;

  /** @throws AppError `not_found`. */
  getDelivery(deliveryId: string, access: Access): Promise<Delivery>;

  /**
   * Sends again at once, with a whole schedule of attempts: also what was delivered. One that waits for its next attempt
   * need not wait. It may arrive after later events of its job: receivers compare `seq`.
   *
   * @throws AppError `not_found`; `conflict` where it still waits behind an earlier one of its job, or its endpoint is disabled
   *   or gone.
   */
  retryDelivery(deliveryId: string, access: Access): Promise<Delivery>;
}

/** A standing wish of an owner: these events of these jobs go to this address. Its secrets are not part of it. */
export interface WebhookEndpoint {
  /** UUIDv7 text. */
  readonly id: string;
  readonly owner: string;
  readonly url: string;
  /** `null`: jobs of all types. */
  readonly types: readonly string[] | null;
  readonly events: readonly JobEventType[];
  readonly enabled: boolean;
  /** Why meanwhile itself disabled it; `null` where it did not. */
  readonly disabledReason: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface WebhookEndpointPage {
  readonly items: readonly WebhookEndpoint[];
  readonly nextCursor: string | null;
}

/** One event on its way to one target, without the body. */
export interface Delivery {
  /** UUID text; a receiver's `webhook-id`, the same on every attempt (I7). */
  readonly id: string;
  readonly owner: string;
  /** The push channel that serves it. */
  readonly channel: string;
  readonly jobId: JobId;
  readonly seq: number;
  readonly eventType: JobEventType;
  /** Where to, in the channel's own form. */
  readonly target: string;
  /** `null` where the job itself named the target. */
  readonly endpointId: string | null;
  readonly status: DeliveryStatus;
  /** Attempts so far. */
  readonly attemptCount: number;
  /** The last ones, oldest first, at most ten. */
  readonly attempts: readonly DeliveryAttempt[];
  readonly createdAt: number;
  /** When it is sent next; `null` where it is finished, or waits for an earlier event of its job. */
  readonly nextAttemptAt: number | null;
  readonly finishedAt: number | null;
}

/** One sending, as the caller may see it. */
export interface DeliveryAttempt {
  readonly at: number;
  /** `null` where there was no answer. */
  readonly statusCode: number | null;
  readonly durationMs: number;
  /** What went wrong, in one line; `null` where nothing did. */
  readonly error: string | null;
  /** The first KiB of the answer's body. */
  readonly responseHead: string | null;
}

export interface DeliveryFilter {
  readonly jobId?: JobId;
  readonly status?: DeliveryStatus;
  readonly endpointId?: string;
  readonly limit: number;
  /** From an earlier page. */
  readonly cursor?: string;
}

export interface DeliveryPage {
  readonly items: readonly Delivery[];
  readonly nextCursor: string | null;
}
