// Everything about deliveries that a store promises.
import type { Given } from "../describe-store.js";
import { describeDeliverySequences } from "../random/delivery-sequences.js";
import { describeClaimedDeliveries } from "./deliveries-claimed.js";
import { describeKeptDeliveries } from "./deliveries-kept.js";
import { describeFeedDeliveries } from "./deliveries-of-feeds.js";
import { describeQueuedDeliveries } from "./deliveries-queued.js";
import { describeWebhookEndpoints } from "./webhook-endpoints.js";

export function describeDeliveries(given: Given): void {
  describeWebhookEndpoints(given);
  describeQueuedDeliveries(given);
  describeClaimedDeliveries(given);
  describeFeedDeliveries(given);
  describeKeptDeliveries(given);
  describeDeliverySequences(given);
}
