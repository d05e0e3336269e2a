// Ends a lease as if it had never been.
import { statement } from "./statement.js";

export const handBackDelivery = statement<[id: string, leaseToken: string], [lane: string]>(`
  update meanwhile_deliveries
     set lease_token = null,
         due_at = next_attempt_at
   where id = ?
     and lease_token = ?
  returning lane`);
