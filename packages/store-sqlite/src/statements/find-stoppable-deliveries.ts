// Unfinished deliveries of an endpoint that nobody is sending.
import { LIMIT, statement } from "./statement.js";

export type StoppableDeliveryRow = [number: number, line: string, lane: string];

export const findStoppableDeliveries = statement<[endpointId: string, limit: number], StoppableDeliveryRow>(`
  select number, line, lane
    from meanwhile_deliveries indexed by meanwhile_deliveries_unfinished
   where endpoint_id = ?
     and finished_at is null
     and lease_token is null
   order by number
   ${LIMIT}`);
