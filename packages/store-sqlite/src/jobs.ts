// The jobs of this store: which room does what.
import type { Clock } from "@meanwhile/core";
import { createClaimedJobs } from "./claimed-jobs.js";
import type { Connection } from "./connection.js";
import type { DeliveryWriter } from "./delivery-writer.js";
import { createEventWriter } from "./event-writer.js";
import type { FileLinks } from "./file-links.js";
import { createJobClaims } from "./job-claims.js";
import { createJobClock } from "./job-clock.js";
import { createJobCommits } from "./job-commits.js";
import { createJobInserts } from "./job-inserts.js";
import { createJobPurges } from "./job-purges.js";
import { createJobQueries } from "./job-queries.js";
import { createPlaces } from "./places.js";
import { createTurns } from "./turns.js";
import { createUserStatements } from "./user-statements.js";

export function createJobs(
  connection: Connection,
  { links, deliveries, clock }: { links: FileLinks; deliveries: DeliveryWriter; clock: Clock },
) {
  const events = createEventWriter(connection, { deliveries });
  const claimed = createClaimedJobs();
  const turns = createTurns(connection);
  const places = createPlaces(connection);
  const userStatements = createUserStatements(connection);
  return {
    ...createJobInserts(connection, { events, turns, places, links, deliveries, claimed, clock }),
    ...createJobClaims(connection, { events, claimed, clock }),
    ...createJobCommits(connection, { events, turns, places, claimed, userStatements }),
    ...createJobQueries(connection),
    ...createJobClock(connection, { turns, places, clock }),
    ...createJobPurges(connection, { links, deliveries, clock }),
  };
}
