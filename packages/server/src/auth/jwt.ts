// JSON Web Tokens as credentials (RFC 7519, RFC 8725): issuer, audience, end and algorithm are pinned by the configuration.
import { AppError, ConfigurationError, type Principal } from "@meanwhile/core";
import { createLocalJWKSet, createRemoteJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from "jose";

export interface JwtIssuerOptions {
  /** The exact `iss`. */
  issuer: string;
  /** The `aud` that names this API. */
  audience: string;
  /** Where the issuer's keys are; not together with `keys`. */
  jwksUrl?: string;
  /** The issuer's public keys; not together with `jwksUrl`. */
  keys?: JSONWebKeySet;
  /** Default: RS256, PS256, ES256, EdDSA. */
  algorithms?: readonly string[];
  /** The claim that says whose jobs these are. Default: `iss` and `sub` together. */
  ownerClaim?: string;
  /** The claim with the scopes, as words in a text or as a list. A token without it has all but `jobs:admin` and `worker`. Default: `scope`. */
  scopeClaim?: string;
  /** The accepted `typ` of the header, for instance `at+jwt`. Default: whatever it is. */
  tokenType?: string;
}

export interface JwtVerifier {
  /** @returns `undefined` where the token is not valid. @throws AppError `store_unavailable` where the issuer's keys cannot be had. */
  verify(token: string): Promise<Principal | undefined>;
}

const DEFAULT_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"];
/** Between the clocks of issuer and server. */
const TOLERANCE_SECONDS = 5;
const LONGEST_TOKEN = 8_192;
// The compact form only: three base64url parts. Encrypted tokens and JSON serialisations are no credentials here.
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

export function isCompactJwt(token: string): boolean {
  return token.length <= LONGEST_TOKEN && COMPACT.test(token);
}

export function createJwtVerifier(issuers: readonly JwtIssuerOptions[], now: () => number): JwtVerifier {
  const byIssuer = new Map(issuers.map((options) => [options.issuer, issuerVerifier(options, now)]));
  if (byIssuer.size < issuers.length) throw new ConfigurationError("jwt: an issuer is configured twice.");
  return {
    // The issuer is read before anything is verified, only to choose the one rule that the token must then satisfy.
    verify: async (token) => byIssuer.get(claimedIssuer(token) ?? "")?.(token),
  };
}

function claimedIssuer(token: string): string | undefined {
  try {
    const { iss } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    return typeof iss === "string" ? iss : undefined;
  } catch {
    // Not JSON: no issuer, and so no token that anybody here would accept.
    return undefined;
  }
}

function issuerVerifier(options: JwtIssuerOptions, now: () => number): JwtVerifier["verify"] {
  requireIssuer(options);
  const keys =
    options.keys === undefined
      ? createRemoteJWKSet(new URL(options.jwksUrl!), { timeoutDuration: 5_000 })
      : createLocalJWKSet(options.keys);
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys as ReturnType<typeof createLocalJWKSet>, {
        issuer: options.issuer,
        audience: options.audience,
        algorithms: [...(options.algorithms ?? DEFAULT_ALGORITHMS)],
        clockTolerance: TOLERANCE_SECONDS,
        currentDate: new Date(now()),
        requiredClaims: ["exp", "sub"],
        ...(options.tokenType === undefined ? {} : { typ: options.tokenType }),
      });
      return toPrincipal(payload, options);
    } catch (error) {
      if (isAboutToken(error)) return undefined;
      throw new AppError("store_unavailable", { message: "The token issuer's keys cannot be fetched.", cause: error });
    }
  };
}

/** Everything else is about fetching the keys: the caller's token may well be good. */
function isAboutToken(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return error instanceof TypeError && error.cause === undefined;
  return !(
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    error.code === "ERR_JOSE_GENERIC"
  );
}

function toPrincipal(payload: JWTPayload, options: JwtIssuerOptions): Principal | undefined {
  const { sub, exp } = payload;
  if (typeof sub !== "string" || sub === "" || exp === undefined) return undefined;
  const owner = options.ownerClaim === undefined ? `${options.issuer}#${sub}` : payload[options.ownerClaim];
  if (typeof owner !== "string" || owner === "") return undefined;
  return {
    owner,
    name: sub,
    scopes: readScopes(payload[options.scopeClaim ?? "scope"]),
    expiresAt: exp * 1_000,
    credentialId: null,
  };
}

function readScopes(claim: unknown): readonly string[] | null {
  if (claim === undefined) return null;
  if (typeof claim === "string") return claim.split(" ").filter((scope) => scope !== "");
  // A claim of another shape grants nothing rather than everything.
  return Array.isArray(claim) ? claim.filter((scope) => typeof scope === "string") : [];
}

function requireIssuer({ issuer, audience, jwksUrl, keys, algorithms = DEFAULT_ALGORITHMS }: JwtIssuerOptions): void {
  const at = `jwt issuer ${JSON.stringify(issuer)}`;
  if (!issuer || !audience) throw new ConfigurationError(`${at}: give both "issuer" and "audience".`);
  if ((jwksUrl === undefined) === (keys === undefined)) {
    throw new ConfigurationError(`${at}: give either "jwksUrl" or "keys".`);
  }
  if (jwksUrl !== undefined && !/^https?:\/\//.test(jwksUrl)) {
    throw new ConfigurationError(`${at}: jwksUrl must be an http(s) address, got ${JSON.stringify(jwksUrl)}.`);
  }
  if (algorithms.length === 0 || algorithms.includes("none")) {
    throw new ConfigurationError(`${at}: algorithms must name at least one, and never "none".`);
  }
  if (jwksUrl !== undefined && algorithms.some((name) => name.startsWith("HS"))) {
    throw new ConfigurationError(
      `${at}: a shared secret (${algorithms.join(", ")}) cannot come from a published jwksUrl.`,
    );
  }
}
