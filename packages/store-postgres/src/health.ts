// Proves that the database can be read and written now, and says what it is.
import type { StoreHealth } from "@meanwhile/core";
import type { Database } from "./database.js";
import { readFacts } from "./statements/read-facts.js";
import { touchStore } from "./statements/touch-store.js";

/** @throws whatever stands in the way. A real write: only that finds out that the server is a replica, or its disk full. */
export async function checkHealth(database: Database): Promise<StoreHealth & { ok: true }> {
  await database.write((transaction) => transaction.run(touchStore, [null]), { durable: false });
  const [row] = await database.list(readFacts, []);
  const [serverVersion, synchronousCommit, fsync, schemaVersion, logGeneration, logHorizonLagTransactions, size] = row!;
  return {
    ok: true,
    facts: {
      serverVersion,
      synchronousCommit,
      fsync,
      schemaVersion,
      logGeneration,
      logHorizonLagTransactions,
      databaseSizeBytes: size,
    },
  };
}
