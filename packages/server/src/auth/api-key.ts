// The form of an API key, and the hash under which it is known. The key itself is never kept.
import { createHash } from "node:crypto";

export const API_KEY_PREFIX = "mw_";

const API_KEY = /^mw_[A-Za-z0-9._~-]{1,200}$/;

export function isApiKey(token: string): boolean {
  return API_KEY.test(token);
}

/** SHA-256, lower-case hexadecimal. Comparing hashes tells nothing about the key, however long it takes. */
export function hashApiKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
