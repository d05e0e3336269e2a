// Leases the deliveries that a claim has found under the same write lock.
import { statement } from "./statement.js";

/** The numbers are a JSON array. The end of the lease is when they are due again. */
export type LeaseDeliveries = [leaseToken: string, leaseExpiresAt: number, numbers: string];

export const leaseDeliveries = statement<LeaseDeliveries>(`
  update meanwhile_deliveries
     set lease_token = ?,
         due_at = ?,
         target = coalesce((select url -- it may have moved since
                              from meanwhile_webhook_endpoints as endpoints
                             where endpoints.id = meanwhile_deliveries.endpoint_id), target)
   where number in (select value from json_each(?))`);
