// Removes a standing endpoint.
import { statement } from "./statement.js";

export const deleteEndpoint = statement<[number: number]>(`
  delete from meanwhile_webhook_endpoints
   where number = ?`);
