// What a caller sent about a standing endpoint: checked member by member, with pointers.
import {
  explainWebhookEvents,
  explainWebhookSecret,
  explainWebhookUrl,
  findMemberFaults,
  isStorableText,
  parseInstant,
  type WebhookCheck,
  type WebhookEndpointInput,
} from "@meanwhile/protocol";
import { invalidParameters } from "../engine/refusals.js";

/** @throws AppError `invalid_parameters`. */
export function readEndpointInput(input: unknown): WebhookEndpointInput {
  const faults = findMemberFaults(input, {
    pointer: "#",
    checks: { ...CHANGEABLE, secret: explainWebhookSecret },
    required: "url",
  });
  if (faults.length > 0) throw invalidParameters(faults);
  return input as WebhookEndpointInput;
}

/** @throws AppError `invalid_parameters`. */
export function readEndpointChange(input: unknown): Partial<Omit<WebhookEndpointInput, "secret">> {
  const faults = findMemberFaults(input, { pointer: "#", checks: CHANGEABLE });
  if (faults.length > 0) throw invalidParameters(faults);
  return input as Partial<WebhookEndpointInput>;
}

/** @returns the instant from which on deliveries are recovered. @throws AppError `invalid_parameters`. */
export function readRecoverInput(input: unknown): number {
  const faults = findMemberFaults(input, { pointer: "#", checks: { since: explainSince }, required: "since" });
  if (faults.length > 0) throw invalidParameters(faults);
  return parseInstant((input as { since: string }).since)!;
}

const explainSince: WebhookCheck = (value) =>
  typeof value === "string" && parseInstant(value) !== undefined
    ? undefined
    : 'Expected an instant such as "2026-11-22T09:00:00.000Z".';

/** As many as anybody will name one by one. */
const MOST_TYPES = 100;
const TYPE_CHARACTERS = 255;

const explainTypes: WebhookCheck = (value) => {
  if (value === null) return undefined;
  const fits = Array.isArray(value) && value.length > 0 && value.length <= MOST_TYPES && value.every(isTypeName);
  return fits ? undefined : `Expected null for all job types, or a list of 1 to ${MOST_TYPES} of them.`;
};

function isTypeName(value: unknown): boolean {
  return typeof value === "string" && value.length > 0 && value.length <= TYPE_CHARACTERS && isStorableText(value);
}

const CHANGEABLE: Readonly<Record<string, WebhookCheck>> = {
  url: explainWebhookUrl,
  types: explainTypes,
  events: explainWebhookEvents,
  enabled: (value) => (typeof value === "boolean" ? undefined : "Expected true or false."),
};
