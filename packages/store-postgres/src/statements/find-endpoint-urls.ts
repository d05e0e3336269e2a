// Where these endpoints are now.
import { statement } from "./statement.js";

export const findEndpointUrls = statement<[ids: readonly string[]], [id: string, url: string]>(
  "find_endpoint_urls",
  `
  select id, url
    from meanwhile_webhook_endpoints
   where id = any ($1::text[])`,
);
