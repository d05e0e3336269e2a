// What is wrong with the parts of a webhook as a caller sent them: the member `webhook` of a submit, and standing endpoints.
import type { Fault } from "./error-codes.js";
import { JOB_EVENT_TYPES } from "./events.js";
import { LIMITS } from "./limits.js";
import { shown } from "./shown.js";
import { escapePointer, isStorableText } from "./text.js";

/** Gives what is wrong with the value, or `undefined`. */
export type WebhookCheck = (value: unknown) => string | undefined;

/** What may stand in an address is the channel's own to say, when it checks it. */
export const explainWebhookUrl: WebhookCheck = (value) => {
  const fits =
    typeof value === "string" &&
    value.length <= LIMITS.webhookUrlCharacters &&
    isStorableText(value) &&
    isHttpUrl(value);
  return fits
    ? undefined
    : `Expected an address such as "https://example.com/hooks" of at most ${LIMITS.webhookUrlCharacters} characters, got ${shown(value)}.`;
};

export const explainWebhookEvents: WebhookCheck = (value) => {
  const known: readonly unknown[] = JOB_EVENT_TYPES;
  if (!Array.isArray(value) || value.length === 0 || value.length > known.length) {
    return `Expected a list of 1 to ${known.length} event types, got ${shown(value)}.`;
  }
  const unknown = value.find((type) => !known.includes(type));
  if (unknown !== undefined) return `${shown(unknown)} is no event type. There are: ${known.join(", ")}.`;
  return new Set(value).size === value.length ? undefined : "Each event type may be named once.";
};

export const explainWebhookSecret: WebhookCheck = (value) =>
  typeof value === "string" && isWebhookSecret(value)
    ? undefined
    : // Never shown, not even where it is wrong: it is a secret all the same.
      'Expected "whsec_" and the base64 of 24 to 64 bytes.';

/** Whether the text is a secret of Standard Webhooks: `whsec_` and the base64 of 24 to 64 bytes. */
export function isWebhookSecret(text: string): boolean {
  const found = /^whsec_([A-Za-z0-9+/]+)(={0,2})$/.exec(text);
  if (found === null) return false;
  const [, digits = "", padding = ""] = found;
  const bytes = Math.floor((digits.length * 3) / 4);
  return (digits.length + padding.length) % 4 === 0 && bytes >= 24 && bytes <= 64;
}

/** Everything that is wrong with the member `webhook` of a submit. @param pointer Where it stands, for instance `#/webhook`. */
export function findWebhookFaults(value: unknown, pointer: string): Fault[] {
  return findMemberFaults(value, { pointer, checks: TARGET_CHECKS, required: "url" });
}

const TARGET_CHECKS: Readonly<Record<string, WebhookCheck>> = {
  url: explainWebhookUrl,
  events: explainWebhookEvents,
  secret: explainWebhookSecret,
};

export interface MemberRules {
  readonly pointer: string;
  /** By member; there are no others. */
  readonly checks: Readonly<Record<string, WebhookCheck>>;
  /** The one member that must be there. */
  readonly required?: string;
}

/** Everything that is wrong with an object whose members are known. */
export function findMemberFaults(value: unknown, { pointer, checks, required }: MemberRules): Fault[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const advice = required === undefined ? "Expected an object" : `Expected an object with the member "${required}"`;
    return [{ pointer, detail: `${advice}, got ${shown(value)}.` }];
  }
  const faults: Fault[] = [];
  const members = value as Record<string, unknown>;
  if (required !== undefined && members[required] === undefined) {
    faults.push({ pointer: `${pointer}/${required}`, detail: `The member "${required}" is required.` });
  }
  for (const name in members) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check !== undefined && members[name] === undefined) continue;
    const detail = check === undefined ? "There is no such member." : check(members[name]);
    if (detail !== undefined) faults.push({ pointer: `${pointer}/${escapePointer(name)}`, detail });
  }
  return faults;
}

function isHttpUrl(text: string): boolean {
  try {
    return /^https?:$/.test(new URL(text).protocol);
  } catch {
    return false;
  }
}
