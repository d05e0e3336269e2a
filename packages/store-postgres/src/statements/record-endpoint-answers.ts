// The last sendings to these endpoints were answered.
import { statement } from "./statement.js";

export const recordEndpointAnswers = statement<[ids: readonly string[]]>(
  "record_endpoint_answers",
  `
  update meanwhile_webhook_endpoints
     set failing_since = null,
         failure_count = 0
   where id = any ($1::text[])
     and failing_since is not null`,
);
