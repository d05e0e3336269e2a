// How many endpoints an owner has.
import { statement } from "./statement.js";

export const countEndpoints = statement<[owner: string], [count: number]>(
  "count_endpoints",
  `
  select count(*)
    from meanwhile_webhook_endpoints
   where owner = $1`,
);
