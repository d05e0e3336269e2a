// What the package offers.
export type { PostgresStoreOptions } from "./options.js";
export { createPostgresStore } from "./postgres-store.js";
export type { PostgresTransaction } from "./user-transactions.js";
