// Disables a standing endpoint that wants nothing any more, or has failed for too long.
import type { Clock } from "../clock.js";
import { publish } from "../instrument.js";
import type { Logger } from "../logger.js";
import type { DeliveryStore } from "../store/delivery-store.js";
import type { Store } from "../store/store.js";
import { receiverOf } from "./new-delivery.js";

export interface DisableDependencies {
  readonly store: Pick<Store, "deliveries" | "webhookEndpoints">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** @param reason In one sentence, for its owner. */
export async function disableEndpoint(
  { store, clock, logger }: DisableDependencies,
  endpointId: string,
  reason: string,
): Promise<void> {
  const endpoint = await store.webhookEndpoints.find(endpointId);
  if (endpoint === undefined || !endpoint.enabled) return;
  const now = clock.now();
  await store.webhookEndpoints.update(endpointId, { enabled: false, disabledReason: reason }, { at: now });
  await stopDeliveries(store.deliveries, endpointId);
  const { owner, url } = endpoint;
  // Not its whole address: many receivers tell their callers by a token in it.
  logger.warn({ endpointId, owner, receiver: receiverOf(url), reason }, "a webhook endpoint was disabled");
  publish("meanwhile:endpoint-disabled", () => ({ endpointId, owner, url, reason }));
}

/** Small pieces: between two of them other writes come through. */
const BATCH = 100;

/** Those that are being sent now stop when they are due again. */
export async function stopDeliveries(deliveries: DeliveryStore, endpointId: string): Promise<void> {
  while ((await deliveries.stop({ endpointId, limit: BATCH })) === BATCH);
}
