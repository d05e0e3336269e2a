// The moves that deliveries are told in: an endpoint, a job that is pushed, a claim, a settlement.
import {
  afterAttempt,
  type ClaimedDelivery,
  type Delivery,
  type DeliveryClaim,
  type DeliveryClaimRequest,
  type DeliverySettlement,
  type Job,
  type JobWebhook,
  jsonPayload,
  type Sent,
  type Store,
  type WebhookEndpointRecord,
} from "@meanwhile/core";
import { expect } from "vitest";
import { makeId, makeToken } from "../builders.js";
import { claimOne, NOW, settle, submit } from "./moves.js";

export const HOOK: JobWebhook = { url: "https://hooks.example/jobs", events: ["job.completed"], secret: null };

export function makeEndpoint(given: Partial<WebhookEndpointRecord> = {}): WebhookEndpointRecord {
  return {
    id: makeId(),
    owner: "acme",
    channel: "webhook",
    url: "https://endpoint.example/all",
    types: null,
    events: ["job.completed"],
    enabled: true,
    disabledReason: null,
    secret: "whsec_current",
    previousSecret: null,
    failingSince: null,
    failureCount: 0,
    createdAt: NOW,
    updatedAt: NOW,
    ...given,
  };
}

export async function addEndpoint(
  store: Store,
  given: Partial<WebhookEndpointRecord> = {},
): Promise<WebhookEndpointRecord> {
  const endpoint = makeEndpoint(given);
  expect(await store.webhookEndpoints.insert(endpoint, { atMost: 100 })).toBe(true);
  return endpoint;
}

/** A job that is submitted, claimed and completed, each in a transaction of its own. */
export async function complete(store: Store, given: Partial<Job> = {}, now: number = NOW): Promise<Job> {
  const submitted = await submit(store, given);
  const claimed = await claimOne(store, { types: [submitted.type], now });
  const { token: leaseToken } = claimed.lease;
  return settle(store, claimed, { kind: "complete", leaseToken, result: jsonPayload("done") }, now);
}

export function claimDeliveries(store: Store, given: Partial<DeliveryClaimRequest> = {}): Promise<DeliveryClaim> {
  const leaseToken = given.leaseToken ?? makeToken();
  const rooms = { limit: 100, perLane: 100, lanes: new Map(), perOwner: 100, owners: new Map() };
  return store.deliveries.claim({ leaseMs: 60_000, channels: ["webhook"], now: NOW, ...rooms, ...given, leaseToken });
}

/** Claims exactly one delivery. */
export async function claimDelivery(store: Store, given: Partial<DeliveryClaimRequest> = {}): Promise<ClaimedDelivery> {
  const { deliveries } = await claimDeliveries(store, given);
  const [delivery, ...others] = deliveries;
  if (delivery === undefined || others.length > 0) throw new Error("The claim was to give exactly one delivery.");
  return delivery;
}

/** What core makes of one sending; the wait before the next attempt is one second, twice. */
export function settlementOf(
  delivery: ClaimedDelivery,
  outcome: Sent["outcome"],
  { now = NOW, statusCode = 200 }: { now?: number; statusCode?: number } = {},
): DeliverySettlement {
  const sent: Sent = { outcome, statusCode, durationMs: 3, error: null, responseHead: "ok", retryAfterMs: null };
  return afterAttempt(delivery, { sent, startedAt: now - 3, now, scheduleMs: [1_000, 1_000], random: 0.5 });
}

export async function settleDelivery(
  store: Store,
  delivery: ClaimedDelivery,
  outcome: Sent["outcome"],
  now: number = NOW,
): Promise<Delivery> {
  const [result] = await store.deliveries.settle([settlementOf(delivery, outcome, { now })]);
  expect(result).toMatchObject({ outcome: "settled" });
  return getDelivery(store, delivery.id);
}

export async function getDelivery(store: Store, deliveryId: string): Promise<Delivery> {
  const delivery = await store.deliveries.find(deliveryId);
  if (delivery === undefined) throw new Error(`The store has no delivery ${deliveryId}.`);
  return delivery;
}

/** Oldest first. */
export async function deliveriesOf(store: Store, jobId: string): Promise<readonly Delivery[]> {
  const { items } = await store.deliveries.list({ jobId, limit: 1_000 });
  return [...items].reverse();
}
