// From a store's address to the store.
import { ConfigurationError, createMemoryStore, type Store, systemClock } from "@meanwhile/core";

/**
 * Opens the store; its tables are made by `migrate()`.
 *
 * @param address `sqlite:<path>`, `postgres://user:password@host/database` (`?schema=name` for another schema than `meanwhile`), or
 *   `memory:` for one that ends with the process.
 * @throws ConfigurationError for an address that this version cannot open; `AppError` `store_unavailable`.
 */
export async function openStore(address: string): Promise<Store> {
  const scheme = /^([a-z]+):/.exec(address)?.[1];
  switch (scheme) {
    case "sqlite": {
      // Loaded on use: most commands open no store, and the driver is a native library.
      const { createSqliteStore } = await import("@meanwhile/store-sqlite");
      return createSqliteStore({ file: sqliteFile(address) });
    }
    case "postgres":
    case "postgresql": {
      const { createPostgresStore } = await import("@meanwhile/store-postgres");
      return createPostgresStore(postgresAddress(address));
    }
    case "memory":
      return createMemoryStore({ clock: systemClock });
    default:
      throw new ConfigurationError(
        `The store must be sqlite:<path>, for instance sqlite:./data/meanwhile.db, postgres://user:password@host/database, or memory:; got "${withoutPassword(address)}".`,
      );
  }
}

/** @returns the file of a SQLite store, or `undefined` for other stores. */
export function fileOfStore(address: string): string | undefined {
  return address.startsWith("sqlite:") ? sqliteFile(address) : undefined;
}

/** The schema is ours; the other parameters are those of the connection. */
function postgresAddress(address: string): { url: string; schema?: string } {
  if (!URL.canParse(address)) return { url: address };
  const url = new URL(address);
  const schema = url.searchParams.get("schema");
  url.searchParams.delete("schema");
  return { url: url.href, ...(schema === null ? {} : { schema }) };
}

function sqliteFile(address: string): string {
  // sqlite:./a.db, sqlite:/a.db and the sqlite:///a.db of other tools are all meant as a path.
  const path = address.slice("sqlite:".length).replace(/^\/\/(?=\/)/, "");
  if (path !== "" && path !== "//") return path;
  throw new ConfigurationError("The store sqlite: needs a path behind it, for instance sqlite:./data/meanwhile.db.");
}

function withoutPassword(address: string): string {
  return address.replace(/\/\/[^@/]*@/, "//…@");
}
