// Reads an endpoint.
import { ENDPOINT_COLUMNS, type EndpointRow } from "./endpoint-columns.js";
import { statement } from "./statement.js";

export const findEndpoint = statement<[id: string], EndpointRow>(
  "find_endpoint",
  `
  select ${ENDPOINT_COLUMNS}
    from meanwhile_webhook_endpoints
   where id = $1`,
);
