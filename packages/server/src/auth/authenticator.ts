// From the Authorization header to a principal (section 15 of the contract).
import {
  type ApiKeyRecord,
  type ApiKeyStore,
  AppError,
  type Clock,
  LOCAL_PRINCIPAL,
  type Principal,
} from "@meanwhile/core";
import { hashApiKey, isApiKey } from "./api-key.js";
import { type FixedApiKey, indexFixedKeys } from "./fixed-keys.js";
import { createJwtVerifier, isCompactJwt, type JwtIssuerOptions } from "./jwt.js";
import { createTokenCache } from "./token-cache.js";

export interface Authenticator {
  /**
   * Whether callers need credentials: they do as soon as any is configured, or a key has ever been made in the store.
   * Looked up again now and then, and never switched off again while the process lives.
   */
  isClosed(): boolean | Promise<boolean>;
  /** @throws AppError `unauthenticated`. */
  authenticate(authorization: string | undefined): Principal | Promise<Principal>;
  /** Ids of the credentials that stand in the configuration. */
  readonly configured: ReadonlySet<string>;
}

export interface AuthenticatorOptions {
  readonly clock: Clock;
  readonly apiKeys: readonly FixedApiKey[];
  readonly jwt: readonly JwtIssuerOptions[];
  readonly store: ApiKeyStore | undefined;
}

/** How long an open server may go on without noticing that its first key was made. */
const LOOK_EVERY_MS = 5_000;

export function createAuthenticator({ clock, apiKeys, jwt, store }: AuthenticatorOptions): Authenticator {
  const fixed = indexFixedKeys(apiKeys);
  const verifier = createJwtVerifier(jwt, () => clock.now());
  const cache = createTokenCache(clock);
  const configured = apiKeys.length > 0 || jwt.length > 0;
  const isClosed = configured ? () => true : watchForKeys(store, clock);

  const identify = (token: string): Principal | undefined | Promise<Principal | undefined> => {
    if (isApiKey(token)) {
      const hash = hashApiKey(token);
      const known = fixed.get(hash);
      if (known !== undefined || store === undefined) return known;
      return cache.resolve(hash, async () => toPrincipal(await store.findByHash(hash), clock.now()));
    }
    if (jwt.length === 0 || !isCompactJwt(token)) return undefined;
    return cache.resolve(hashApiKey(token), () => verifier.verify(token));
  };

  const check = (authorization: string | undefined): Principal | Promise<Principal> => {
    if (authorization === undefined)
      throw unauthenticated("Send an API key or a token as Authorization: Bearer …", false);
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    if (token === undefined) throw unauthenticated("The Authorization header must read: Bearer …", false);
    const found = identify(token);
    return found instanceof Promise ? found.then(requirePrincipal) : requirePrincipal(found);
  };

  return {
    isClosed,
    configured: new Set([...fixed.values()].flatMap(({ credentialId }) => credentialId ?? [])),
    authenticate(authorization) {
      const closed = isClosed();
      if (closed === false) return LOCAL_PRINCIPAL;
      if (closed === true) return check(authorization);
      return closed.then((isIt) => (isIt ? check(authorization) : LOCAL_PRINCIPAL));
    },
  };
}

function watchForKeys(store: ApiKeyStore | undefined, clock: Clock): Authenticator["isClosed"] {
  if (store === undefined) return () => false;
  let closed = false;
  let lookedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = clock.now();
    if (closed || now - lookedAt < LOOK_EVERY_MS) return closed;
    return store.list().then((keys) => {
      // Revoked keys count: whoever made one wanted a closed server, and revoking the last must not open it.
      closed ||= keys.length > 0;
      lookedAt = now;
      return closed;
    });
  };
}

function toPrincipal(key: ApiKeyRecord | undefined, now: number): Principal | undefined {
  if (key === undefined || key.revokedAt !== null || (key.expiresAt !== null && key.expiresAt <= now)) return undefined;
  const scopes = key.scopes.length === 0 ? null : key.scopes;
  return { owner: key.owner, name: key.name, scopes, expiresAt: key.expiresAt, credentialId: key.id };
}

function requirePrincipal(principal: Principal | undefined): Principal {
  if (principal !== undefined) return principal;
  throw unauthenticated("The credentials are not valid: unknown, expired or revoked.", true);
}

function unauthenticated(message: string, presented: boolean): AppError {
  return new AppError("unauthenticated", { message, details: presented ? { presented } : {} });
}
