// The jobs of this store: which room does what.
import type { JobStore } from "@meanwhile/core";
import { createClaimedNumbers } from "./claimed-numbers.js";
import type { Database } from "./database.js";
import type { DeliveryWriter } from "./delivery-writer.js";
import { createJobClaims } from "./job-claims.js";
import { createJobClock } from "./job-clock.js";
import { createJobCommits } from "./job-commits.js";
import { createJobInserts } from "./job-inserts.js";
import { createJobPurges } from "./job-purges.js";
import { createJobQueries } from "./job-queries.js";

export function createJobs(database: Database, { deliveries }: { deliveries: DeliveryWriter }): JobStore {
  const numbers = createClaimedNumbers();
  return {
    ...createJobInserts(database, { deliveries, numbers }),
    ...createJobClaims(database, { deliveries, numbers }),
    ...createJobCommits(database, { deliveries, numbers }),
    ...createJobQueries(database),
    ...createJobClock(database),
    ...createJobPurges(database),
  };
}
