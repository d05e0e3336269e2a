// Where a delivery stands: what every change of it must know.
import { statement } from "./statement.js";

export type DeliveryPlaceRow = [
  number: number,
  line: string,
  place: 0 | 1 | null,
  lane: string,
  leaseToken: string | null,
  dueAt: number | null,
  endpointId: string | null,
];

export const findDeliveryPlace = statement<[id: string], DeliveryPlaceRow>(`
  select number, line, place, lane, lease_token, due_at, endpoint_id
    from meanwhile_deliveries
   where id = ?`);
