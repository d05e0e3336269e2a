// Forgets an endpoint.
import { statement } from "./statement.js";

export const deleteEndpoint = statement<[number: number]>(
  "delete_endpoint",
  `
  delete from meanwhile_webhook_endpoints
   where number = $1::bigint`,
);
