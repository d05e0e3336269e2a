// Writes an endpoint anew.
import type { EndpointValues } from "./insert-endpoint.js";
import { statement } from "./statement.js";

export const updateEndpoint = statement<[...EndpointValues, number: number]>(
  "update_endpoint",
  `
  update meanwhile_webhook_endpoints
     set url = $1,
         types = $2,
         events = $3,
         enabled = $4,
         disabled_reason = $5,
         secret = $6,
         previous_secret = $7,
         previous_secret_until = $8,
         failing_since = $9,
         failure_count = $10,
         updated_at = $11
   where number = $12`,
);
