// The secrets of the memory store.
import type { SecretStore } from "../secret-store.js";
import type { MemoryTables } from "./memory-tables.js";

export function createMemorySecrets({ secrets }: MemoryTables): SecretStore {
  return {
    ensure: async (name, candidate) => {
      if (!secrets.has(name)) secrets.set(name, candidate);
      return secrets.get(name)!;
    },
  };
}
