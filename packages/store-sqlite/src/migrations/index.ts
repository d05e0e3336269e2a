// All migrations, in their order.
import { initialTables } from "./0001-initial-tables.js";
import { secrets } from "./0002-secrets.js";
import { webhooks } from "./0003-webhooks.js";
import { purgedPositions } from "./0004-purged-positions.js";
import { places } from "./0005-places.js";
import type { Migration } from "./migration.js";

export const MIGRATIONS: readonly Migration[] = [initialTables, secrets, webhooks, purgedPositions, places];
