// JSON Web Tokens for tests, signed by an issuer made on the spot.
import { type CryptoKey, exportJWK, generateKeyPair, type JSONWebKeySet, type JWTPayload, SignJWT } from "jose";

export const ISSUER = "https://issuer.example.com";
export const AUDIENCE = "https://jobs.example.com";

export interface TestIssuer {
  readonly keys: JSONWebKeySet;
  readonly privateKey: CryptoKey;
  sign(
    claims?: JWTPayload,
    options?: { alg?: string; key?: CryptoKey | Uint8Array; kid?: string; typ?: string },
  ): Promise<string>;
}

export async function createTestIssuer(): Promise<TestIssuer> {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: "one", alg: "ES256", use: "sig" }] };
  return {
    keys,
    privateKey,
    sign(claims = {}, { alg = "ES256", key = privateKey, kid = "one", typ } = {}) {
      const now = Math.floor(Date.now() / 1_000);
      const payload = { iss: ISSUER, aud: AUDIENCE, sub: "ada", iat: now, exp: now + 300, ...claims };
      return new SignJWT(payload).setProtectedHeader({ alg, kid, ...(typ === undefined ? {} : { typ }) }).sign(key);
    },
  };
}
