// Principals of tokens that were checked a moment ago: bounded in number and in age.
import type { Clock, Principal } from "@meanwhile/core";

/** A revoked credential is noticed within 60 s, on open streams as well; half of it leaves room for their own check. */
const FRESH_MS = 30_000;
const MOST_ENTRIES = 10_000;

export interface TokenCache {
  /**
   * The cached principal, or what `look` finds; only found ones are kept.
   *
   * @param key A digest of the token, never the token.
   */
  resolve(key: string, look: () => Promise<Principal | undefined>): Principal | Promise<Principal | undefined>;
}

export function createTokenCache(clock: Clock): TokenCache {
  const entries = new Map<string, { principal: Principal; freshUntil: number }>();
  const looking = new Map<string, Promise<Principal | undefined>>();

  const find = async (key: string, look: () => Promise<Principal | undefined>) => {
    const askedAt = clock.now();
    try {
      const principal = await look();
      if (principal === undefined) return undefined;
      if (entries.size >= MOST_ENTRIES) entries.delete(entries.keys().next().value ?? key);
      entries.set(key, { principal, freshUntil: askedAt + FRESH_MS });
      return principal;
    } finally {
      looking.delete(key);
    }
  };

  return {
    resolve(key, look) {
      const entry = entries.get(key);
      const now = clock.now();
      if (entry !== undefined && now < entry.freshUntil && now >= entry.freshUntil - FRESH_MS) {
        if (entry.principal.expiresAt === null || now < entry.principal.expiresAt) return entry.principal;
      }
      entries.delete(key);
      const found = looking.get(key) ?? find(key, look);
      looking.set(key, found);
      return found;
    },
  };
}
