// Locks deliveries that are about to change, and tells where they stand.
import { statement } from "./statement.js";

export type DeliveryPlaceRow = [
  id: string,
  number: number,
  line: string,
  place: 0 | 1 | null,
  lane: string,
  leaseToken: string | null,
  dueAt: number | null,
  endpointId: string | null,
  channel: string,
  owner: string,
  target: string,
];

export const lockDeliveries = statement<[ids: readonly string[]], DeliveryPlaceRow>(
  "lock_deliveries",
  `
  select id, number, line, place, lane, lease_token, due_at, endpoint_id, channel, owner, target
    from meanwhile_deliveries
   where id = any ($1::text[])
   order by number
     for no key update`,
);
