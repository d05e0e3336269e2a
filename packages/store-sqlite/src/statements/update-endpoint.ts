// Writes everything of a standing endpoint that may change; what it was is read under the same write lock.
import type { EndpointValues } from "./insert-endpoint.js";
import { statement } from "./statement.js";

export const updateEndpoint = statement<[...EndpointValues, number: number]>(`
  update meanwhile_webhook_endpoints
     set url = ?,
         types = ?,
         events = ?,
         enabled = ?,
         disabled_reason = ?,
         secret = ?,
         previous_secret = ?,
         previous_secret_until = ?,
         failing_since = ?,
         failure_count = ?,
         updated_at = ?
   where number = ?`);
