// Deliveries of an endpoint that were given up in a span of time, oldest first.
import { LIMIT, statement } from "./statement.js";

export type FindGivenUpDeliveries = [endpointId: string, since: number, until: number, limit: number];

export const findGivenUpDeliveries = statement<FindGivenUpDeliveries, [number: number, lane: string]>(`
  select number, lane
    from meanwhile_deliveries indexed by meanwhile_deliveries_given_up
   where endpoint_id = ?
     and status in ('EXHAUSTED', 'STOPPED')
     and finished_at >= ?
     and finished_at <= ?
   order by finished_at, number
   ${LIMIT}`);
