// Signatures of Standard Webhooks 1.0, version 1: HMAC-SHA256 over `id.timestamp.body`.
import { createHmac } from "node:crypto";

export interface Signable {
  /** The header `webhook-id`; holds no dot. */
  readonly id: string;
  /** The header `webhook-timestamp`: seconds since 1970. */
  readonly timestamp: number;
  /** Exactly what is sent. */
  readonly body: string;
}

/**
 * The header `webhook-signature`: one `v1,<base64>` for each secret, so that receivers may change to a new one in their time.
 *
 * @param secrets `whsec_` and the base64 of the key.
 * @throws TypeError for a secret of another form, without showing it.
 */
export function signatureHeader(message: Signable, secrets: readonly string[]): string {
  return secrets.map((secret) => signature(message, keyOf(secret))).join(" ");
}

function signature({ id, timestamp, body }: Signable, key: Buffer): string {
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`, "utf8").digest("base64")}`;
}

const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;

function keyOf(secret: string): Buffer {
  const encoded = SECRET.exec(secret)?.[1];
  if (encoded === undefined) throw new TypeError('A webhook secret must be "whsec_" and base64.');
  return Buffer.from(encoded, "base64");
}
