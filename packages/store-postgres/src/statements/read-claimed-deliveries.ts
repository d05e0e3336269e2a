// All that the sending of these deliveries needs, in their order.
import { DELIVERY_COLUMNS, type DeliveryRow } from "./delivery-columns.js";
import { statement } from "./statement.js";

export type ClaimedDeliveryRow = [
  ...DeliveryRow,
  lane: string,
  roundAttempts: number,
  secret: string | null,
  traceparent: string | null,
  body: string,
  endpointEnabled: boolean | null,
  endpointSecret: string | null,
  previousSecret: string | null,
  previousSecretUntil: number | null,
];

export const readClaimedDeliveries = statement<[numbers: readonly number[]], ClaimedDeliveryRow>(
  "read_claimed_deliveries",
  `
  select ${DELIVERY_COLUMNS},
         deliveries.lane, deliveries.round_attempts, deliveries.secret, deliveries.traceparent, bodies.body,
         endpoints.enabled, endpoints.secret, endpoints.previous_secret, endpoints.previous_secret_until
    from unnest($1::bigint[]) with ordinality as claimed (number, place)
    join meanwhile_deliveries as deliveries
      on deliveries.number = claimed.number
    join meanwhile_delivery_bodies as bodies
      on bodies.delivery = claimed.number
    left join meanwhile_webhook_endpoints as endpoints
      on endpoints.id = deliveries.endpoint_id
   order by claimed.place`,
);
