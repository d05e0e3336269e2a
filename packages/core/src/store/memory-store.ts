// The reference store: the whole storage port in memory, obviously right rather than fast. Nothing outlives the process.
import type { Clock } from "../clock.js";
import { createMemoryApiKeys } from "./memory/memory-api-keys.js";
import { createMemoryDeliveries } from "./memory/memory-deliveries.js";
import { createMemoryEndpoints } from "./memory/memory-endpoints.js";
import { createMemoryEvents } from "./memory/memory-events.js";
import { createMemoryFiles } from "./memory/memory-files.js";
import { createMemoryJobs } from "./memory/memory-jobs.js";
import { createMemoryLogs } from "./memory/memory-logs.js";
import { createMemorySecrets } from "./memory/memory-secrets.js";
import { createTables } from "./memory/memory-tables.js";
import type { Store } from "./store.js";

/**
 * A store that every other store is compared with, and that tests run on. Each method does its work in one turn of the
 * event loop, which is its transaction. User statements are refused: there is no SQL here to run them.
 *
 * @example const store = createMemoryStore({ clock: systemClock });
 */
export function createMemoryStore({ clock }: { clock: Clock }): Store {
  const tables = createTables();
  return {
    name: "memory",
    jobs: createMemoryJobs(tables, clock),
    events: createMemoryEvents(tables),
    logs: createMemoryLogs(tables),
    files: createMemoryFiles(tables, clock),
    apiKeys: createMemoryApiKeys(tables),
    secrets: createMemorySecrets(tables),
    deliveries: createMemoryDeliveries(tables, clock),
    webhookEndpoints: createMemoryEndpoints(tables),
    now: async () => clock.now(),
    // No other process can see this memory, so there is never anything to hint at.
    watch: () => () => {},
    migrate: async () => {},
    check: async () => ({ ok: true, facts: { jobs: tables.jobs.size, events: tables.log.length } }),
    close: async () => {},
  };
}
