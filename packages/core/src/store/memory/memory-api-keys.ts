// The API keys of the memory store.
import { AppError } from "../../errors.js";
import type { ApiKeyStore } from "../api-key-store.js";
import type { MemoryTables } from "./memory-tables.js";

export function createMemoryApiKeys({ apiKeys }: MemoryTables): ApiKeyStore {
  return {
    insert: async (key) => {
      if (apiKeys.some((other) => other.name === key.name && other.revokedAt === null)) {
        throw new AppError("conflict", {
          message: `An API key named "${key.name}" exists already. Revoke it first, or choose another name.`,
          details: { name: key.name },
        });
      }
      apiKeys.push(key);
    },

    findByHash: async (hash) => apiKeys.find((key) => key.hash === hash),

    list: async () => [...apiKeys].sort((a, b) => a.createdAt - b.createdAt),

    revoke: async (idOrName, { at }) => {
      const index = apiKeys.findIndex(
        (key) => key.revokedAt === null && (key.id === idOrName || key.name === idOrName),
      );
      const key = apiKeys[index];
      if (key === undefined) return false;
      apiKeys[index] = { ...key, revokedAt: at };
      return true;
    },
  };
}
