// The secrets that processes share: the first writer wins.
import type { SecretStore } from "@meanwhile/core";
import type { Database } from "./database.js";
import { findSecret } from "./statements/find-secret.js";
import { insertSecret } from "./statements/insert-secret.js";

export function createSecrets(database: Database): SecretStore {
  return {
    async ensure(name, candidate) {
      const [known] = await database.list(findSecret, [name]);
      if (known !== undefined) return known[0];
      // Where another process is storing one now, the insert waits for it, and stores nothing.
      await database.write((transaction) => transaction.run(insertSecret, [name, candidate]));
      return (await database.list(findSecret, [name]))[0]![0];
    },
  };
}
