// A page of an owner's endpoints, newest first.
import { ENDPOINT_COLUMNS, type EndpointRow } from "./endpoint-columns.js";
import { statement } from "./statement.js";

export const listEndpoints = statement<[owner: string, below: number, limit: number], EndpointRow>(
  "list_endpoints",
  `
  select ${ENDPOINT_COLUMNS}
    from meanwhile_webhook_endpoints
   where owner = $1
     and number < $2::bigint
   order by number desc
   limit $3::bigint`,
);
