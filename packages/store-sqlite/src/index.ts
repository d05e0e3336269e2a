// Keeps meanwhile's jobs and events in one SQLite file.
export type { DriverName } from "./driver/driver.js";
export type { SqliteStoreOptions } from "./options.js";
export { createSqliteStore } from "./sqlite-store.js";
