// API keys that stand in the configuration: `owner:mw_secret[:scope+scope…]`, comma-separated.
import { ConfigurationError, type Principal } from "@meanwhile/core";
import { hashApiKey, isApiKey } from "./api-key.js";
import { requireScopes } from "./scopes.js";

export interface FixedApiKey {
  /** Whose jobs these are. */
  owner: string;
  /** Begins with `mw_`. */
  key: string;
  /** Default: all but `jobs:admin` and `worker`. */
  scopes?: readonly string[];
}

/**
 * Reads the text form.
 *
 * @throws ConfigurationError naming the entry by its place, never showing the key.
 * @example parseApiKeys("acme:mw_s3cret,shop:mw_0ther:jobs:submit+jobs:read")
 */
export function parseApiKeys(text: string): readonly FixedApiKey[] {
  const entries = text.split(",").map((entry) => entry.trim());
  return entries
    .filter((entry) => entry !== "")
    .map((entry, index) => {
      const [owner = "", key = "", ...rest] = entry.split(":");
      const scopes = rest.length === 0 ? {} : { scopes: rest.join(":").split("+") };
      return requireFixedKey({ owner, key, ...scopes }, index);
    });
}

/** @returns principals by the hash of their key. */
export function indexFixedKeys(keys: readonly FixedApiKey[]): ReadonlyMap<string, Principal> {
  const byHash = new Map<string, Principal>();
  for (const [index, entry] of keys.entries()) {
    const { owner, key, scopes } = requireFixedKey(entry, index);
    const hash = hashApiKey(key);
    if (byHash.has(hash)) throw new ConfigurationError(`apiKeys: entry ${index + 1} repeats an earlier key.`);
    byHash.set(hash, {
      owner,
      name: owner,
      scopes: scopes === undefined || scopes.length === 0 ? null : scopes,
      expiresAt: null,
      // Out of the configuration, out of force: the tickets it issued die with it. What is shown is a part of the hash.
      credentialId: `configured:${hash.slice(0, 16)}`,
    });
  }
  return byHash;
}

function requireFixedKey(entry: FixedApiKey, index: number): FixedApiKey {
  const at = `apiKeys: entry ${index + 1}`;
  if (entry.owner === "" || !isApiKey(entry.key)) {
    throw new ConfigurationError(`${at} must read owner:mw_secret or owner:mw_secret:scope+scope, without spaces.`);
  }
  if (entry.scopes !== undefined) requireScopes(at, entry.scopes);
  return entry;
}
