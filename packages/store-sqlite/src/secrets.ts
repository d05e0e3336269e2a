// The secrets that processes share: the first writer wins.
import type { SecretStore } from "@meanwhile/core";
import type { Connection } from "./connection.js";
import { findSecret } from "./statements/find-secret.js";
import { insertSecret } from "./statements/insert-secret.js";
import type { Synchronous } from "./synchronous.js";

export function createSecrets(connection: Connection): Synchronous<SecretStore> {
  const find = connection.query(findSecret);
  const insert = connection.query(insertSecret);
  return {
    // A look without the write lock first: nearly always it is there.
    ensure: (name, candidate) =>
      find.find([name])?.[0] ??
      connection.write(() => {
        insert.run([name, candidate]);
        return find.find([name])![0];
      }),
  };
}
