// Checks of option values: each names the option, what came and what would do.
import { LIMITS } from "@meanwhile/protocol";
import { ConfigurationError } from "./errors.js";

export interface Range {
  min?: number;
  max?: number;
}

export function requireInteger(option: string, value: unknown, range: Range = {}): number {
  return requireIn(option, value, { ...range, kind: "a whole number", fits: Number.isSafeInteger(value) });
}

/** Milliseconds: a whole number, at least 0 and at most ten years unless said otherwise: instants must stay instants. */
export function requireMs(option: string, value: unknown, range: Range = {}): number {
  return requireIn(option, value, {
    min: 0,
    max: LIMITS.durationMs,
    ...range,
    kind: "a whole number of milliseconds",
    fits: Number.isSafeInteger(value),
  });
}

export function requireNumber(option: string, value: unknown, range: Range = {}): number {
  return requireIn(option, value, { ...range, kind: "a number", fits: Number.isFinite(value) });
}

export function requireText(option: string, value: unknown): string {
  if (typeof value === "string" && value.length > 0) return value;
  throw new ConfigurationError(`${option} must be text, got ${JSON.stringify(value)}.`);
}

function requireIn(
  option: string,
  value: unknown,
  { min, max, kind, fits }: Range & { kind: string; fits: boolean },
): number {
  const number = value as number;
  if (fits && (min === undefined || number >= min) && (max === undefined || number <= max)) return number;
  const bounds = [min === undefined ? "" : ` of at least ${min}`, max === undefined ? "" : ` and at most ${max}`].join(
    "",
  );
  throw new ConfigurationError(`${option} must be ${kind}${bounds}; got ${JSON.stringify(value)}.`);
}
