// Pages of an owner's standing endpoints, newest first.
import { ENDPOINT_COLUMNS, type EndpointRow } from "./endpoint-columns.js";
import { LIMIT, statement } from "./statement.js";

export const listEndpoints = statement<[owner: string, below: number, limit: number], EndpointRow>(`
  select ${ENDPOINT_COLUMNS}
    from meanwhile_webhook_endpoints indexed by meanwhile_webhook_endpoints_owner
   where owner = ?
     and number < ?
   order by number desc
   ${LIMIT}`);
