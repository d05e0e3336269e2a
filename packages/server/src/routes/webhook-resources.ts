// Endpoints and deliveries as they travel, and the answers that hold them.
import type { Delivery, WebhookEndpoint } from "@meanwhile/core";
import { type DeliveryResource, toInstantText, type WebhookEndpointResource } from "@meanwhile/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import { JOB_CACHE_CONTROL, JSON_TYPE } from "../job-answer.js";
import { nextLink } from "../page-link.js";

export function endpointResource(endpoint: WebhookEndpoint): WebhookEndpointResource {
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
  };
}

export function deliveryResource(delivery: Delivery): Omit<DeliveryResource, "attempts"> {
  const { id, jobId, seq, eventType, target, endpointId, status, attemptCount } = delivery;
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
    nextAttemptAt: instantOrNull(delivery.nextAttemptAt),
    finishedAt: instantOrNull(delivery.finishedAt),
  };
}

/** As the answer about one delivery shows it. */
export function deliveryWithAttempts(delivery: Delivery): DeliveryResource {
  const attempts = delivery.attempts.map(({ at, ...attempt }) => ({ at: toInstantText(at), ...attempt }));
  return { ...deliveryResource(delivery), attempts };
}

export function answerPage(
  request: FastifyRequest,
  reply: FastifyReply,
  page: { items: readonly object[]; nextCursor: string | null },
): FastifyReply {
  if (page.nextCursor !== null) reply.header("link", nextLink(request, page.nextCursor));
  return answerOne(reply, page);
}

export function answerOne(reply: FastifyReply, body: object): FastifyReply {
  return reply
    .headers({ "content-type": JSON_TYPE, "cache-control": JOB_CACHE_CONTROL, vary: "Authorization" })
    .send(JSON.stringify(body));
}

/** What is shown once, or to whoever asks for it: no cache may keep it. */
export function answerSecret(reply: FastifyReply, body: object): FastifyReply {
  return reply.headers({ "content-type": JSON_TYPE, "cache-control": "no-store" }).send(JSON.stringify(body));
}

function instantOrNull(at: number | null): string | null {
  return at === null ? null : toInstantText(at);
}
