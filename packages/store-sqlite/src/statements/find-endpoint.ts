// The standing endpoint of an id.
import { ENDPOINT_COLUMNS, type EndpointRow } from "./endpoint-columns.js";
import { statement } from "./statement.js";

export const findEndpoint = statement<[id: string], EndpointRow>(`
  select ${ENDPOINT_COLUMNS}
    from meanwhile_webhook_endpoints
   where id = ?`);
