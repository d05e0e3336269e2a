// Deliveries that were just leased, with all that their sending needs.
import { DELIVERY_COLUMNS, type DeliveryRow } from "./delivery-columns.js";
import { statement } from "./statement.js";

export type ClaimedDeliveryRow = [
  ...DeliveryRow,
  lane: string,
  roundAttempts: number,
  secret: string | null,
  traceparent: string | null,
  body: string,
  endpointEnabled: 0 | 1 | null,
  endpointSecret: string | null,
  previousSecret: string | null,
  previousSecretUntil: number | null,
];

/** The numbers are a JSON array; the rows come in its order. */
export const readClaimedDeliveries = statement<[numbers: string], ClaimedDeliveryRow>(`
  select ${DELIVERY_COLUMNS},
         deliveries.lane, deliveries.round_attempts, deliveries.secret, deliveries.traceparent,
         bodies.body,
         endpoints.enabled, endpoints.secret, endpoints.previous_secret, endpoints.previous_secret_until
    from json_each(?) as claimed
    cross join meanwhile_deliveries as deliveries
    cross join meanwhile_delivery_bodies as bodies
    left join meanwhile_webhook_endpoints as endpoints
      on endpoints.id = deliveries.endpoint_id
   where deliveries.number = claimed.value
     and bodies.delivery = deliveries.number`);
