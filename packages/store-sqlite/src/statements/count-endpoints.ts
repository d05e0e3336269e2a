// How many standing endpoints an owner has; they are few.
import { statement } from "./statement.js";

export const countEndpoints = statement<[owner: string], [count: number]>(`
  select count(*)
    from meanwhile_webhook_endpoints
   where owner = ?`);
