// Proves that the database can be read and written now, says what it is, and what about it will hurt.
import type { StoreHealth } from "@meanwhile/core";
import type { Database } from "./database.js";
import { findServerWarnings, type OwnState } from "./server-warnings.js";
import { readFacts } from "./statements/read-facts.js";
import { readServerState } from "./statements/read-server-state.js";
import { touchStore } from "./statements/touch-store.js";

/** @throws whatever stands in the way. A real write: only that finds out that the server is a replica, or its disk full. */
export async function checkHealth(database: Database, own: OwnState): Promise<StoreHealth & { ok: true }> {
  await database.write((transaction) => transaction.run(touchStore, [null]), { durable: false });
  const [[row], [state]] = await Promise.all([database.list(readFacts, []), database.list(readServerState, [])]);
  const [serverVersion, synchronousCommit, fsync, schemaVersion, logGeneration, logHorizonLagTransactions, size] = row!;
  const [, , , , connectionsForUsers, connectionsInUse, , logHorizonHeldMs] = state!;
  return {
    ok: true,
    facts: {
      serverVersion,
      synchronousCommit,
      fsync,
      schemaVersion,
      logGeneration,
      logHorizonLagTransactions,
      logHorizonHeldMs: logHorizonHeldMs ?? 0,
      connectionsInUse,
      connectionsForUsers,
      databaseSizeBytes: size,
    },
    warnings: findServerWarnings(state!, own),
  };
}
