// API keys, as hashes only.
import { type ApiKeyStore, AppError } from "@meanwhile/core";
import type { Connection } from "./connection.js";
import { toApiKeyRecord } from "./side-rows.js";
import { findApiKeyByHash } from "./statements/find-api-key-by-hash.js";
import { findApiKeyByName } from "./statements/find-api-key-by-name.js";
import { insertApiKey } from "./statements/insert-api-key.js";
import { listApiKeys } from "./statements/list-api-keys.js";
import { revokeApiKey } from "./statements/revoke-api-key.js";
import type { Synchronous } from "./synchronous.js";

export function createApiKeys(connection: Connection): Synchronous<ApiKeyStore> {
  const insert = connection.query(insertApiKey);
  const byName = connection.query(findApiKeyByName);
  const byHash = connection.query(findApiKeyByHash);
  const all = connection.query(listApiKeys);
  const revoke = connection.query(revokeApiKey);
  return {
    insert({ id, name, owner, hash, scopes, createdAt, expiresAt, revokedAt }) {
      connection.write(() => {
        if (byName.find([name]) !== undefined) {
          throw new AppError("conflict", {
            message: `An API key named "${name}" exists already. Revoke it first, or choose another name.`,
            details: { name },
          });
        }
        insert.run([id, name, owner, hash, JSON.stringify(scopes), createdAt, expiresAt, revokedAt]);
      });
    },

    findByHash(hash) {
      const row = byHash.find([hash]);
      return row && toApiKeyRecord(row);
    },

    list: () => all.list([]).map(toApiKeyRecord),

    revoke: (idOrName, { at }) => connection.write(() => Number(revoke.run([at, idOrName, idOrName]).changes) > 0),
  };
}
