// One more sending to an endpoint has failed.
import { statement } from "./statement.js";

export const recordEndpointFailure = statement<[id: string, at: number], [since: number, count: number]>(
  "record_endpoint_failure",
  `
  update meanwhile_webhook_endpoints
     set failing_since = coalesce(failing_since, $2::bigint),
         failure_count = failure_count + 1
   where id = $1
  returning failing_since, failure_count`,
);
