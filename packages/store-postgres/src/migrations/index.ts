// All migrations, in their order.
import { initialTables } from "./0001-initial-tables.js";
import type { Migration } from "./migration.js";

export const MIGRATIONS: readonly Migration[] = [initialTables];
