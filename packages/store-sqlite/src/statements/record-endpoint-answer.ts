// An endpoint answered: its row of failures is over. Written only where there is one.
import { statement } from "./statement.js";

export const recordEndpointAnswer = statement<[id: string]>(`
  update meanwhile_webhook_endpoints
     set failing_since = null,
         failure_count = 0
   where id = ?
     and failing_since is not null`);
