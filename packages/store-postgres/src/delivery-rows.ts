// Rows of deliveries and endpoints to records and back: how these lie in their columns is known here only.
import type {
  ClaimedDelivery,
  Delivery,
  DeliveryAttempt,
  DeliverySettlement,
  JobWebhook,
  NewDelivery,
  WebhookEndpointRecord,
} from "@meanwhile/core";
import type { DeliveryStatus, JobEventType } from "@meanwhile/protocol";
import type { DeliveryRow } from "./statements/delivery-columns.js";
import type { EndpointRow } from "./statements/endpoint-columns.js";
import type { InsertDeliveries } from "./statements/insert-deliveries.js";
import type { EndpointValues } from "./statements/insert-endpoint.js";
import type { ClaimedDeliveryRow } from "./statements/read-claimed-deliveries.js";
import type { SettleDeliveries } from "./statements/settle-deliveries.js";

export function toDelivery([
  _number,
  id,
  owner,
  channel,
  jobId,
  seq,
  eventType,
  target,
  ...rest
]: DeliveryRow): Delivery {
  const [endpointId, status, attemptCount, attempts, createdAt, nextAttemptAt, finishedAt] = rest;
  return {
    id,
    owner,
    channel,
    jobId,
    seq,
    eventType: eventType as JobEventType,
    target,
    endpointId,
    status: status as DeliveryStatus,
    attemptCount,
    attempts: attempts === null ? [] : (JSON.parse(attempts) as DeliveryAttempt[]),
    createdAt,
    nextAttemptAt,
    finishedAt,
  };
}

export function toClaimedDelivery(
  row: ClaimedDeliveryRow,
  { leaseToken, now }: { leaseToken: string; now: number },
): ClaimedDelivery {
  const [lane, roundAttempts, secret, traceparent, body, enabled, ...secrets] = row.slice(DELIVERY_WIDTH) as Claimed;
  return {
    ...toDelivery(row.slice(0, DELIVERY_WIDTH) as DeliveryRow),
    leaseToken,
    lane,
    roundAttempts,
    secret,
    traceparent,
    body,
    endpoint: enabled === null ? null : { enabled, secrets: validSecrets(secrets, now) },
  };
}

/** Columns of a `DeliveryRow`. */
const DELIVERY_WIDTH = 15;

type Claimed = ClaimedDeliveryRow extends [...DeliveryRow, ...infer Rest] ? Rest : never;

function validSecrets(
  [current, previous, until]: [string | null, string | null, number | null],
  now: number,
): readonly string[] {
  return previous !== null && until !== null && until > now ? [current!, previous] : [current!];
}

export function fromNewDelivery(delivery: NewDelivery, { isHead }: { isHead: boolean }): InsertDeliveries {
  const dueAt = isHead ? delivery.createdAt : null;
  return [
    delivery.id,
    delivery.owner,
    delivery.channel,
    delivery.jobId,
    delivery.seq,
    delivery.eventType,
    delivery.endpointId,
    delivery.line,
    isHead ? 1 : 0,
    delivery.lane,
    dueAt,
    delivery.createdAt,
    dueAt,
    delivery.target,
    delivery.secret,
    delivery.traceparent,
  ];
}

export function fromSettlement(
  { status, attemptCount, roundAttempts, attempts, nextAttemptAt, at }: DeliverySettlement,
  number: number,
): SettleDeliveries {
  const finished = nextAttemptAt === null;
  return [
    number,
    status,
    attemptCount,
    roundAttempts,
    attempts.length === 0 ? null : JSON.stringify(attempts),
    nextAttemptAt,
    finished ? at : null,
  ];
}

export function toEndpoint([
  _number,
  id,
  owner,
  channel,
  url,
  types,
  events,
  enabled,
  disabledReason,
  secret,
  previousSecret,
  previousSecretUntil,
  failingSince,
  failureCount,
  createdAt,
  updatedAt,
]: EndpointRow): WebhookEndpointRecord {
  return {
    id,
    owner,
    channel,
    url,
    types: types === null ? null : (JSON.parse(types) as string[]),
    events: JSON.parse(events) as JobEventType[],
    enabled,
    disabledReason,
    secret,
    previousSecret: previousSecret === null ? null : { secret: previousSecret, until: previousSecretUntil! },
    failingSince,
    failureCount,
    createdAt,
    updatedAt,
  };
}

export function fromEndpoint(endpoint: WebhookEndpointRecord): EndpointValues {
  const { types, previousSecret } = endpoint;
  return [
    endpoint.url,
    types === null ? null : JSON.stringify(types),
    JSON.stringify(endpoint.events),
    endpoint.enabled,
    endpoint.disabledReason,
    endpoint.secret,
    previousSecret === null ? null : previousSecret.secret,
    previousSecret === null ? null : previousSecret.until,
    endpoint.failingSince,
    endpoint.failureCount,
    endpoint.updatedAt,
  ];
}

/** @param json An array of the columns, as a job is read with them. */
export function toJobWebhook(json: string | null): JobWebhook | null {
  if (json === null) return null;
  const [url, events, secret] = JSON.parse(json) as [string, JobEventType[], string | null];
  return { url, events, secret };
}
