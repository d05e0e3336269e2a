// Keeps the log's generation true: it rises when the data comes to live in another cluster (invariant I3).
import type { Database } from "./database.js";
import { nameCluster } from "./statements/name-cluster.js";
import { raiseGeneration } from "./statements/raise-generation.js";

/** To be called before this process writes into a cluster for the first time; its tables must be there. */
export async function ensureGeneration(database: Database): Promise<void> {
  await database.write(async (transaction) => {
    await transaction.run(nameCluster, []);
    await transaction.run(raiseGeneration, []);
  });
}
