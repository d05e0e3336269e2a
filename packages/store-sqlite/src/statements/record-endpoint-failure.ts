// An endpoint failed once more.
import { statement } from "./statement.js";

export const recordEndpointFailure = statement<[at: number, id: string], [since: number, count: number]>(`
  update meanwhile_webhook_endpoints
     set failing_since = coalesce(failing_since, ?),
         failure_count = failure_count + 1
   where id = ?
  returning failing_since, failure_count`);
