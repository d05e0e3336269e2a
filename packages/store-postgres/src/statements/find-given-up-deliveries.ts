// Deliveries of an endpoint that were given up in a stretch of time, oldest first.
import { statement } from "./statement.js";

export const findGivenUpDeliveries = statement<
  [endpointId: string, since: number, until: number, limit: number],
  [id: string]
>(
  "find_given_up_deliveries",
  `
  select id
    from meanwhile_deliveries
   where endpoint_id = $1
     and status in ('EXHAUSTED', 'STOPPED')
     and finished_at >= $2::bigint
     and finished_at <= $3::bigint
   order by finished_at, number
   limit $4::bigint`,
);
