// API keys, as hashes only.
import { type ApiKeyStore, AppError } from "@meanwhile/core";
import type { Database } from "./database.js";
import { toApiKeyRecord } from "./side-rows.js";
import { findApiKeyByHash } from "./statements/find-api-key-by-hash.js";
import { insertApiKey } from "./statements/insert-api-key.js";
import { listApiKeys } from "./statements/list-api-keys.js";
import { revokeApiKey } from "./statements/revoke-api-key.js";

export function createApiKeys(database: Database): ApiKeyStore {
  return {
    async insert({ id, name, owner, hash, scopes, createdAt, expiresAt, revokedAt }) {
      const stored = await database.write((transaction) =>
        transaction.run(insertApiKey, [id, name, owner, hash, JSON.stringify(scopes), createdAt, expiresAt, revokedAt]),
      );
      if (stored === 1) return;
      throw new AppError("conflict", {
        message: `An API key named "${name}" exists already. Revoke it first, or choose another name.`,
        details: { name },
      });
    },

    async findByHash(hash) {
      const [row] = await database.list(findApiKeyByHash, [hash]);
      return row && toApiKeyRecord(row);
    },

    list: async () => (await database.list(listApiKeys, [])).map(toApiKeyRecord),

    revoke: async (idOrName, { at }) =>
      (await database.write((transaction) => transaction.run(revokeApiKey, [at, idOrName]))) > 0,
  };
}
