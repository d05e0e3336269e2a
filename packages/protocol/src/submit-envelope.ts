// What a caller may say when submitting a job, on every channel alike.
import type { Fault } from "./error-codes.js";
import { parseInstant } from "./instants.js";
import { LIMITS } from "./limits.js";
import { shown } from "./shown.js";
import { escapePointer, isStorableText } from "./text.js";
import { findWebhookFaults } from "./webhook-faults.js";
import type { WebhookTarget } from "./webhooks.js";

/** The body of a submit, as sent. */
export interface SubmitEnvelope {
  /** The registered job type. */
  type: string;
  /** Checked against the type's schema. Default: `{}`. */
  parameters?: unknown;
  /** -100 to 100, higher first; above 0 needs the scope `jobs:priority`. Default: 0. */
  priority?: number;
  /** Not before this instant, RFC 3339. Not together with `delayMs`. Default: now. */
  runAt?: string;
  /** Not before this many milliseconds from now. */
  delayMs?: number;
  /** Never started within this time after submit or `runAt`, whichever is later: `FAILED` with `expired`. Default: the type's. */
  startWithinMs?: number;
  /** Not finished by then, retries and waits included: `FAILED` with `deadline_exceeded`. Default: none. */
  completeWithinMs?: number;
  /** Of one attempt; at most the type's own. Default: the type's. */
  timeoutMs?: number;
  /** How long the finished job is kept. Default: the type's, else seven days. */
  retentionMs?: number;
  /** The caller's own word for the job. */
  callbackId?: string;
  tags?: readonly string[];
  /** One lease per owner and key at a time, in submit order. */
  concurrencyKey?: string;
  /** Where the events of this job are pushed to. Default: nowhere, but for the standing endpoints of the owner. */
  webhook?: WebhookTarget;
}

/** A batch item may carry its own idempotency key; a single submit has it in a header. */
export interface BatchItem extends SubmitEnvelope {
  idempotencyKey?: string;
}

/** Later instants, with the longest durations added, would need more than the four digits of a year (RFC 3339). */
const LATEST_RUN_AT = Date.UTC(9980, 0);
const WORD_CHARACTERS = 255;
const MOST_TAGS = 20;

/** Gives what is wrong with the value, or `undefined`. */
type Check = (value: unknown) => string | undefined;

const integer =
  (min: number, max: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `Expected a whole number from ${min} to ${max}, got ${shown(value)}.`;

const word: Check = (value) => {
  if (typeof value !== "string" || value.length === 0 || value.length > WORD_CHARACTERS) {
    return `Expected text of 1 to ${WORD_CHARACTERS} characters, got ${shown(value)}.`;
  }
  return isStorableText(value) ? undefined : "Text must not hold NUL or a lone surrogate.";
};

const CHECKS: Readonly<Record<keyof BatchItem, Check>> = {
  type: word,
  parameters: () => undefined,
  priority: integer(LIMITS.priority.min, LIMITS.priority.max),
  runAt: (value) => {
    const instant = typeof value === "string" ? parseInstant(value) : undefined;
    return instant !== undefined && instant < LATEST_RUN_AT
      ? undefined
      : `Expected an instant such as "2026-11-22T09:00:00.000Z", before the year 9980, got ${shown(value)}.`;
  },
  delayMs: integer(0, LIMITS.durationMs),
  startWithinMs: integer(1, LIMITS.durationMs),
  completeWithinMs: integer(1, LIMITS.durationMs),
  timeoutMs: integer(1, LIMITS.durationMs),
  retentionMs: integer(0, LIMITS.durationMs),
  callbackId: word,
  tags: (value) => {
    if (!Array.isArray(value) || value.length > MOST_TAGS)
      return `Expected at most ${MOST_TAGS} tags, got ${shown(value)}.`;
    for (const tag of value) {
      const wrong = word(tag);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  },
  concurrencyKey: word,
  // Its faults are told member by member, see below.
  webhook: () => undefined,
  idempotencyKey: (value) => explainIdempotencyKey(value),
};

/**
 * Everything that is wrong with the envelope; empty where nothing is. The parameters are left to the type's schema.
 *
 * @param options.pointer Where the envelope stands in the request, for instance `#/jobs/1`. Default: `#`.
 * @param options.batch   Whether `idempotencyKey` is a member. Default: no.
 */
export function findEnvelopeFaults(value: unknown, options: { pointer?: string; batch?: boolean } = {}): Fault[] {
  const pointer = options.pointer ?? "#";
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [{ pointer, detail: `Expected an object with the member "type", got ${shown(value)}.` }];
  }
  const faults: Fault[] = [];
  const envelope = value as Record<string, unknown>;
  if (envelope.type === undefined)
    faults.push({ pointer: `${pointer}/type`, detail: 'The member "type" is required.' });
  for (const name in envelope) {
    const known = Object.hasOwn(CHECKS, name) && (options.batch === true || name !== "idempotencyKey");
    const detail = known ? explain(name as keyof BatchItem, envelope[name]) : "There is no such member.";
    if (detail !== undefined) faults.push({ pointer: `${pointer}/${escapePointer(name)}`, detail });
  }
  if (envelope.webhook !== undefined) faults.push(...findWebhookFaults(envelope.webhook, `${pointer}/webhook`));
  if (envelope.runAt !== undefined && envelope.delayMs !== undefined) {
    faults.push({ pointer: `${pointer}/delayMs`, detail: 'Give either "runAt" or "delayMs", not both.' });
  }
  return faults;
}

function explain(name: keyof BatchItem, value: unknown): string | undefined {
  return value === undefined ? undefined : CHECKS[name](value);
}

// Printable ASCII, as a header can carry it.
const PRINTABLE = /^[\x20-\x7e]+$/;

/** Gives what is wrong with an idempotency key (already without its quotes), or `undefined`. */
export function explainIdempotencyKey(value: unknown): string | undefined {
  const fits = typeof value === "string" && value.length <= LIMITS.idempotencyKeyCharacters && PRINTABLE.test(value);
  return fits
    ? undefined
    : `Expected 1 to ${LIMITS.idempotencyKeyCharacters} printable ASCII characters, got ${shown(value)}.`;
}
