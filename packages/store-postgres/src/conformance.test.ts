// The PostgreSQL store keeps every promise of the port.
import type { Store } from "@meanwhile/core";
import { describeStore } from "@meanwhile/store-testkit";
import { afterAll, it } from "vitest";
import { createPostgresStore } from "./postgres-store.js";
import { dropFreeSchemas, giveBackSchema, runSql, SERVER_URL, takeSchema, whyNoServer } from "./testing/server.js";

const schemas = new Map<Store, string>();

afterAll(dropFreeSchemas);

if (whyNoServer !== undefined) it("store postgres", ({ skip }) => skip(whyNoServer));
else
  describeStore("postgres", {
    async open() {
      const schema = await takeSchema();
      const settled = afterOthers(await createPostgresStore({ url: SERVER_URL, schema, poolSize: 4 }));
      schemas.set(settled, schema);
      return settled;
    },
    async reopen(store) {
      const schema = schemas.get(store)!;
      const second = afterOthers(await createPostgresStore({ url: SERVER_URL, schema, poolSize: 4 }));
      schemas.set(second, schema);
      return second;
    },
    async close(store) {
      const schema = schemas.get(store)!;
      schemas.delete(store);
      await store.close();
      if (![...schemas.values()].includes(schema)) await giveBackSchema(schema);
    },
    placeholder: (index) => `$${index}`,
  });

/**
 * Whole-log readers see what is below the commit horizon, which transactions of other tests on this server hold up too. The suite
 * reads at once what it has written: here each such look waits until whoever was writing when it came has ended.
 */
function afterOthers(store: Store): Store {
  const { readLog, logEnd } = store.events;
  const settle = async (): Promise<void> => {
    const [[until]] = (await runSql("select pg_snapshot_xmax(pg_current_snapshot())::text")) as [[string]];
    for (;;) {
      const [[isPast]] = (await runSql("select pg_snapshot_xmin(pg_current_snapshot()) >= $1::text::xid8", [
        until,
      ])) as [[boolean]];
      if (isPast) return;
    }
  };
  const events = {
    ...store.events,
    readLog: async (options: Parameters<typeof readLog>[0]) => {
      await settle();
      return readLog(options);
    },
    logEnd: async () => {
      await settle();
      return logEnd();
    },
  };
  return { ...store, events };
}
