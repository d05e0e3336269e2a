// Identifiers: UUIDv7 (RFC 9562, section 5.7), sortable by the time they were made.
import type { Clock } from "./clock.js";

export interface IdSource {
  /** A UUIDv7, lower case; later ones of one source sort after earlier ones. */
  uuid(): string;
  /** An opaque token nobody can guess, 22 characters. */
  token(): string;
}

/** Fills the array with random bytes. */
export type RandomBytes = (bytes: Uint8Array) => void;

/** Random bytes are drawn in blocks: a system call per id would cost more than all the rest of it. */
const POOL_BYTES = 4_096;
const TOKEN_BYTES = 16;

export function createIdSource({ clock, randomBytes }: { clock: Clock; randomBytes: RandomBytes }): IdSource {
  const pool = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;
  let lastMs = 0;
  let counter = 0;

  const take = (count: number): number => {
    if (used + count > POOL_BYTES) {
      randomBytes(pool);
      used = 0;
    }
    used += count;
    return used - count;
  };

  return {
    uuid() {
      const now = clock.now();
      if (now > lastMs) {
        lastMs = now;
        // The counter starts low enough to leave room for 3,072 more ids of the same millisecond (method 1 of section 6.2).
        const at = take(2);
        counter = (((pool[at]! & 0x03) << 8) | pool[at + 1]!) & 0x3ff;
      } else if (++counter > 0xfff) {
        lastMs++;
        counter = 0;
      }
      const at = take(8);
      const time = lastMs.toString(16).padStart(12, "0");
      return `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, "0")}-${
        HEX[(pool[at]! & 0x3f) | 0x80]! + HEX[pool[at + 1]!]!
      }-${HEX[pool[at + 2]!]! + HEX[pool[at + 3]!]! + HEX[pool[at + 4]!]! + HEX[pool[at + 5]!]! + HEX[pool[at + 6]!]! + HEX[pool[at + 7]!]!}`;
    },
    token() {
      const at = take(TOKEN_BYTES);
      return toBase64Url(pool.subarray(at, at + TOKEN_BYTES));
    },
  };
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function toBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const chunk = (bytes[index]! << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    const characters = Math.min(4, bytes.length - index + 1);
    for (let place = 0; place < characters; place++) text += BASE64URL[(chunk >> (18 - 6 * place)) & 63];
  }
  return text;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether the text has the form of a UUID as meanwhile writes them (lower case). */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}
