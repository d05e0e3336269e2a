// Reads an endpoint that is about to change.
import { ENDPOINT_COLUMNS, type EndpointRow } from "./endpoint-columns.js";
import { statement } from "./statement.js";

export const lockEndpoint = statement<[id: string], EndpointRow>(
  "lock_endpoint",
  `
  select ${ENDPOINT_COLUMNS}
    from meanwhile_webhook_endpoints
   where id = $1
     for update`,
);
