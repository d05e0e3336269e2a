// Where a delivery goes that is queued again: its endpoint may have moved.
import { statement } from "./statement.js";

export type RequeueTargetRow = [channel: string, owner: string, target: string];

export const findRequeueTarget = statement<[number: number], RequeueTargetRow>(`
  select deliveries.channel,
         deliveries.owner,
         coalesce(endpoints.url, deliveries.target)
    from meanwhile_deliveries as deliveries
    left join meanwhile_webhook_endpoints as endpoints
      on endpoints.id = deliveries.endpoint_id
   where deliveries.number = ?`);
