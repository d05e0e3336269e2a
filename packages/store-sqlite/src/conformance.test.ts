// The SQLite store keeps every promise of the port: in a file and in memory, with each driver that this Node has.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Store } from "@meanwhile/core";
import { describeStore } from "@meanwhile/store-testkit";
import type { DriverName } from "./driver/driver.js";
import { loadDriver } from "./driver/load-driver.js";
import { createSqliteStore } from "./sqlite-store.js";

const DRIVERS: readonly DriverName[] = ["node:sqlite", "better-sqlite3"];

for (const driver of DRIVERS.filter(isThere)) {
  describeStore(`sqlite file (${driver})`, {
    open: () => openMigrated(join(mkdtempSync(join(tmpdir(), "meanwhile-sqlite-")), "meanwhile.db"), driver),
    reopen: (store) => createSqliteStore({ file: fileOf(store), driver }),
    async close(store) {
      await store.close();
      rmSync(dirname(fileOf(store)), { recursive: true, force: true });
    },
  });

  describeStore(
    `sqlite in memory (${driver})`,
    { open: () => openMigrated(":memory:", driver), close: (store) => store.close() },
    { skip: [{ capability: "secondConnection", reason: "no other connection can see this memory" }] },
  );
}

async function openMigrated(file: string, driver: DriverName): Promise<Store> {
  const store = await createSqliteStore({ file, driver });
  await store.migrate();
  return store;
}

function fileOf(store: Store): string {
  return store.name.slice("sqlite:".length);
}

function isThere(driver: DriverName): boolean {
  try {
    loadDriver(driver);
    return true;
  } catch {
    return false;
  }
}
