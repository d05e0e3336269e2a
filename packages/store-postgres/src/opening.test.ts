// A store that cannot be opened, or not yet: what it says.
import { expect, it } from "vitest";
import { createPostgresStore } from "./postgres-store.js";
import { describeOnServer, newSchema, openMigrated, runSql, SERVER_URL } from "./testing/server.js";

describeOnServer("a store that cannot be opened", () => {
  const urlWith = (change: (url: URL) => void): string => {
    const url = new URL(SERVER_URL);
    change(url);
    return url.href;
  };

  it("says that the database is not there", async () => {
    const url = urlWith((each) => {
      each.pathname = "/no_such_database";
    });
    await expect(createPostgresStore({ url })).rejects.toThrow(/no database of that name/);
  });

  it("says that nobody answers, and shows no password", async () => {
    const url = "postgres://app:secret@127.0.0.1:1/app";
    const refusal = await createPostgresStore({ url }).catch((error: unknown) => error as Error);
    expect((refusal as Error).message).toMatch(/cannot be reached/);
    expect((refusal as Error).message).not.toContain("secret");
  });

  it("refuses an address of another kind, and a schema that is no plain name", async () => {
    await expect(createPostgresStore({ url: "mysql://localhost/app" })).rejects.toThrow(/postgres:\/\//);
    await expect(createPostgresStore({ url: SERVER_URL, schema: "a; drop" })).rejects.toThrow(/plain name/);
  });

  it("refuses tables that a newer version made, and names what would do", async () => {
    const { schema, close } = await openMigrated(newSchema());
    await runSql(`insert into ${schema}.meanwhile_migrations values (999, 'from-the-future', 'x', 999, 0)`);
    await expect(createPostgresStore({ url: SERVER_URL, schema })).rejects.toThrow(/newer meanwhile/);
    await close();
  });

  it("says that the tables are missing, until somebody migrates; many may do so at once", async () => {
    const schema = newSchema();
    const stores = await Promise.all([1, 2, 3].map(() => createPostgresStore({ url: SERVER_URL, schema })));
    const early = stores[0]!.jobs.find("x");
    await expect(early).rejects.toThrow(/migrate/);

    await Promise.all(stores.map((store) => store.migrate()));

    expect(await stores[0]!.jobs.find("x")).toBeUndefined();
    await Promise.all(stores.map((store) => store.close()));
    await runSql(`drop schema ${schema} cascade`);
  });
});
