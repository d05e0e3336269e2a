// Proves that the file can be read and written now, and says what it is.
import type { Clock, StoreHealth } from "@meanwhile/core";
import type { Connection } from "./connection.js";
import type { DriverName } from "./driver/driver.js";
import { schemaVersion } from "./migrate.js";
import { readFacts } from "./statements/read-facts.js";
import { touchStore } from "./statements/touch-store.js";

const SYNCHRONOUS = ["OFF", "NORMAL", "FULL", "EXTRA"];

/** @throws whatever stands in the way. A real write: only a commit finds out that the disk is full. */
export function checkHealth(
  connection: Connection,
  { clock, driver }: { clock: Clock; driver: DriverName },
): StoreHealth & { ok: true } {
  const touch = connection.query(touchStore);
  connection.write(() => touch.run([clock.now()]));
  const [sqliteVersion, journalMode, synchronous, pageCount, pageSize, freePages] = connection
    .query(readFacts)
    .find([])!;
  return {
    ok: true,
    facts: {
      driver,
      sqliteVersion,
      journalMode,
      synchronous: SYNCHRONOUS[synchronous] ?? String(synchronous),
      schemaVersion: schemaVersion(connection),
      fileSizeBytes: pageCount * pageSize,
      freePages,
    },
  };
}
