// Webhooks as callers see them: an endpoint, a delivery.
import { type DeliveryResource, toInstantText, type WebhookEndpointResource } from "@meanwhile/protocol";
import type { Delivery, WebhookEndpoint } from "../delivery/webhooks.js";

/** @param options.secret Only in the answer that made it. */
export function webhookEndpointResource(
  endpoint: WebhookEndpoint,
  { secret }: { secret?: string } = {},
): WebhookEndpointResource {
  const { id, url, types, events, enabled, disabledReason, createdAt, updatedAt } = endpoint;
  return {
    id,
    url,
    types,
    events,
    enabled,
    disabledReason,
    createdAt: toInstantText(createdAt),
    updatedAt: toInstantText(updatedAt),
    ...(secret === undefined ? {} : { secret }),
  };
}

/** @param options.withAttempts Only in the answer about one delivery. Default: `false`. */
export function deliveryResource(
  delivery: Delivery,
  { withAttempts = false }: { withAttempts?: boolean } = {},
): DeliveryResource {
  const { id, jobId, seq, eventType, target, endpointId, status, attemptCount, attempts } = delivery;
  return {
    id,
    jobId,
    seq,
    eventType,
    url: target,
    endpointId,
    status,
    attemptCount,
    createdAt: toInstantText(delivery.createdAt),
    nextAttemptAt: instantText(delivery.nextAttemptAt),
    finishedAt: instantText(delivery.finishedAt),
    ...(withAttempts
      ? { attempts: attempts.map(({ at, ...attempt }) => ({ at: toInstantText(at), ...attempt })) }
      : {}),
  };
}

function instantText(epochMs: number | null): string | null {
  return epochMs === null ? null : toInstantText(epochMs);
}
