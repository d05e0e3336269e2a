// Whether a delivery came from who holds the secret, and now (Standard Webhooks 1.0). WebCrypto only: it runs everywhere.
import type { WebhookBody } from "@meanwhile/protocol";
import { WebhookVerificationError } from "../errors.js";

/** A Fetch `Request`, or headers and the body as it came: not parsed, not written anew. */
export type WebhookRequest =
  | { readonly headers: HeadersLike; text(): Promise<string> }
  | { readonly headers: HeadersLike; readonly body: string | Uint8Array };

/** `Headers`, or an object as Node has it (names in lower case). */
export type HeadersLike =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface VerifyOptions {
  /** How far the sender's clock may be from ours, either way, in milliseconds. Default: 300 000 (five minutes). */
  toleranceMs?: number;
  /** Epoch milliseconds of now. Default: the clock's. */
  now?: number;
}

const FIVE_MINUTES_MS = 300_000;
const SECRET_PREFIX = "whsec_";

/**
 * Verifies a delivery and gives its body.
 *
 * @param secrets One `whsec_…`, or several while one is rotated: any of them will do.
 * @throws WebhookVerificationError; TypeError for a secret that is none.
 * @example const { type, data } = await verifyWebhook(request, process.env.WEBHOOK_SECRET);
 */
export async function verifyWebhook(
  request: WebhookRequest,
  secrets: string | readonly string[],
  options: VerifyOptions = {},
): Promise<WebhookBody> {
  return (await readDelivery(request, secrets, options)).body;
}

export interface VerifiedDelivery {
  /** The same on every retry of the delivery. */
  readonly id: string;
  readonly body: WebhookBody;
}

/** As `verifyWebhook`, with the id of the delivery. */
export async function readDelivery(
  request: WebhookRequest,
  secrets: string | readonly string[],
  { toleranceMs = FIVE_MINUTES_MS, now = Date.now() }: VerifyOptions = {},
): Promise<VerifiedDelivery> {
  const keys = await Promise.all([secrets].flat().map(importSecret));
  const id = requireHeader(request.headers, "webhook-id");
  const timestamp = requireHeader(request.headers, "webhook-timestamp");
  const signatures = requireHeader(request.headers, "webhook-signature");
  requireRecent(timestamp, { toleranceMs, now });
  const bytes = await bytesOf(request);
  const signed = concat(new TextEncoder().encode(`${id}.${timestamp}.`), bytes);
  if (!(await matchesAny(signatures, keys, signed))) {
    throw new WebhookVerificationError(
      "no_match",
      "No signature fits: the secret is another one, or the body is not the bytes that were sent (verify before parsing).",
    );
  }
  return { id, body: parse(bytes) };
}

type Key = Awaited<ReturnType<typeof importSecret>>;

async function importSecret(secret: string) {
  const bytes = secret?.startsWith(SECRET_PREFIX) ? fromBase64(secret.slice(SECRET_PREFIX.length)) : undefined;
  if (bytes === undefined || bytes.length === 0) {
    throw new TypeError('A webhook secret must be "whsec_" and base64, as GET /api/v2/webhooks/secret gives it.');
  }
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
}

/** Every signature is tried with every key; `verify` compares in constant time. */
async function matchesAny(header: string, keys: readonly Key[], signed: Uint8Array<ArrayBuffer>): Promise<boolean> {
  let matches = false;
  for (const each of header.split(" ").slice(0, MOST_SIGNATURES)) {
    if (!each.startsWith("v1,")) continue;
    const signature = fromBase64(each.slice("v1,".length));
    if (signature === undefined) continue;
    for (const key of keys) matches = (await crypto.subtle.verify("HMAC", key, signature, signed)) || matches;
  }
  return matches;
}

/** Two while a secret is rotated; nobody needs so many. */
const MOST_SIGNATURES = 10;

function requireRecent(timestamp: string, { toleranceMs, now }: { toleranceMs: number; now: number }): void {
  if (!/^\d{1,12}$/.test(timestamp)) {
    throw new WebhookVerificationError("bad_timestamp", "The header webhook-timestamp must be seconds since 1970.");
  }
  const aheadMs = Number(timestamp) * 1_000 - now;
  if (aheadMs < -toleranceMs) {
    throw new WebhookVerificationError(
      "too_old",
      `The delivery is older than ${toleranceMs} ms: is it sent again, or a clock wrong?`,
    );
  }
  if (aheadMs > toleranceMs) {
    throw new WebhookVerificationError(
      "too_new",
      `The delivery is more than ${toleranceMs} ms ahead: a clock is wrong.`,
    );
  }
}

function requireHeader(headers: HeadersLike, name: string): string {
  const value =
    "get" in headers && typeof headers.get === "function"
      ? headers.get(name)
      : (headers as Record<string, unknown>)[name];
  if (typeof value === "string" && value !== "") return value;
  throw new WebhookVerificationError(
    "missing_header",
    `The header ${name} is missing: this is no delivery of a webhook.`,
  );
}

async function bytesOf(request: WebhookRequest): Promise<Uint8Array<ArrayBuffer>> {
  // What is a Request has a body, too: a stream. Its text is asked for; the signed bytes are UTF-8.
  if ("text" in request && typeof request.text === "function") return new TextEncoder().encode(await request.text());
  const { body } = request as { body: unknown };
  if (typeof body === "string") return new TextEncoder().encode(body);
  if (body instanceof Uint8Array) return new Uint8Array(body);
  throw new TypeError(
    "The body must be the text or the bytes that came, before anything parsed them: mount the receiver in front of body parsers.",
  );
}

function parse(bytes: Uint8Array): WebhookBody {
  try {
    const value = JSON.parse(new TextDecoder().decode(bytes)) as Partial<WebhookBody> | null;
    if (typeof value?.type === "string" && typeof value.data === "object") return value as WebhookBody;
  } catch {
    // Signed, and still not JSON: said below.
  }
  throw new WebhookVerificationError(
    "unreadable_body",
    "The signature fits, but the body is not what a webhook carries.",
  );
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    // Not base64.
    return undefined;
  }
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
