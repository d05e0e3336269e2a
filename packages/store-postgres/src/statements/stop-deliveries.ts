// Stops unfinished deliveries of an endpoint; those being sent are passed over.
import { now, statement } from "./statement.js";

export const stopDeliveries = statement<
  [endpointId: string, limit: number, now: number | null],
  [line: string, lane: string, now: number]
>(
  "stop_deliveries",
  `
  with stoppable as materialized (
         select number, ${now("$3")} as now
           from meanwhile_deliveries
          where endpoint_id = $1
            and finished_at is null
            and lease_token is null
          order by number
          limit $2::bigint
            for no key update skip locked)
  update meanwhile_deliveries as deliveries
     set status = 'STOPPED',
         place = null,
         due_at = null,
         next_attempt_at = null,
         finished_at = stoppable.now
    from stoppable
   where deliveries.number = stoppable.number
  returning deliveries.line, deliveries.lane, stoppable.now`,
);
