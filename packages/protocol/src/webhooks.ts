// Webhooks as they travel: what is posted to a target, and the resources under /api/v2/webhooks.
import type { JobEvent, JobEventType } from "./events.js";
import type { JobResource } from "./job-resource.js";

/**
 * `PENDING`: not sent yet. `RETRY_PENDING`: sent at least once without success, and will be again. `DELIVERED`: answered 2xx.
 * `EXHAUSTED`: given up after the last attempt. `STOPPED`: the target answered 410, or its endpoint is gone or disabled.
 */
export const DELIVERY_STATUSES = ["PENDING", "DELIVERED", "RETRY_PENDING", "EXHAUSTED", "STOPPED"] as const;

export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** The events that are sent where the caller names none: those that end a job. */
export const DEFAULT_WEBHOOK_EVENTS = [
  "job.completed",
  "job.failed",
  "job.cancelled",
  "job.rollback_completed",
] as const satisfies readonly JobEventType[];

/** The member `webhook` of a submit. */
export interface WebhookTarget {
  /** `https:`, or `http:` where the server allows it. */
  url: string;
  /** Which events are sent. Default: those that end a job. */
  events?: readonly JobEventType[];
  /** `whsec_` and the base64 of 24 to 64 bytes. Default: the caller's own, `GET /api/v2/webhooks/secret`. */
  secret?: string;
}

/** What is posted (Standard Webhooks 1.0). `timestamp` is the event's own instant, the same on every retry. */
export interface WebhookBody {
  type: JobEventType;
  timestamp: string;
  data: { job: JobResource; event: JobEvent };
}

/** The body of `POST /webhooks/endpoints`; a `PATCH` takes its members one by one, except `secret`. */
export interface WebhookEndpointInput extends WebhookTarget {
  /** Only jobs of these types. Default: `null`, all of them. */
  types?: readonly string[] | null;
  /** Default: `true`. */
  enabled?: boolean;
}

export interface WebhookEndpointResource {
  id: string;
  url: string;
  /** Only jobs of these types; `null` for all. */
  types: readonly string[] | null;
  /** Which events are sent. */
  events: readonly JobEventType[];
  enabled: boolean;
  /** Why it was disabled by the server; `null` where it was not. */
  disabledReason: string | null;
  createdAt: string;
  updatedAt: string;
  /** Only in the answer that made it. */
  secret?: string;
}

export interface DeliveryResource {
  /** Also the header `webhook-id`, the same on every retry. */
  id: string;
  jobId: string;
  seq: number;
  eventType: JobEventType;
  url: string;
  /** `null` where the job itself named the target. */
  endpointId: string | null;
  status: DeliveryStatus;
  attemptCount: number;
  createdAt: string;
  /** When it is sent next; `null` where it is not. */
  nextAttemptAt: string | null;
  finishedAt: string | null;
  /** Only in the answer about one delivery. */
  attempts?: readonly DeliveryAttemptResource[];
}

export interface DeliveryAttemptResource {
  at: string;
  /** `null` where there was no answer. */
  statusCode: number | null;
  durationMs: number;
  /** What went wrong; `null` where nothing did. */
  error: string | null;
  /** The beginning of the answer's body. */
  responseHead: string | null;
}
