// The jobs of this store: which room does what.
import type { JobStore, TransactionStore } from "@meanwhile/core";
import { createClaimedNumbers } from "./claimed-numbers.js";
import type { Database } from "./database.js";
import type { DeliveryWriter } from "./delivery-writer.js";
import { createHandlerTransactions, type HandlerTransactionOptions } from "./handler-transactions.js";
import { createJobClaims } from "./job-claims.js";
import { createJobClock } from "./job-clock.js";
import { createJobCommits } from "./job-commits.js";
import { createJobInserts } from "./job-inserts.js";
import { createJobPurges } from "./job-purges.js";
import { createJobQueries } from "./job-queries.js";
import { createPlaces } from "./places.js";
import { createUserTransactions, type UserTransactionOptions } from "./user-transactions.js";

export interface JobsOptions {
  readonly deliveries: DeliveryWriter;
  readonly handlers: HandlerTransactionOptions;
  readonly users: UserTransactionOptions;
}

export function createJobs(
  database: Database,
  { deliveries, handlers, users }: JobsOptions,
): { jobs: JobStore; transactions: TransactionStore } {
  const numbers = createClaimedNumbers();
  const places = createPlaces();
  const inserts = createJobInserts(database, { deliveries, numbers, places });
  const commits = createJobCommits(database, { deliveries, numbers });
  const jobs: JobStore = {
    insert: inserts.insert,
    findKeyHolder: inserts.findKeyHolder,
    commit: commits.commit,
    ...createJobClaims(database, { deliveries, numbers }),
    ...createJobQueries(database),
    ...createJobClock(database),
    ...createJobPurges(database),
  };
  const transactions: TransactionStore = {
    ...createUserTransactions({ inserts }, users),
    ...createHandlerTransactions(database, { commits, deliveries }, handlers),
  };
  return { jobs, transactions };
}
