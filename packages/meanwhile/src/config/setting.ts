// What a setting is, and the kinds of values that settings have.
import { ConfigurationError, requireInteger, requireMs } from "@meanwhile/core";

export interface Setting<T> {
  readonly doc: string;
  /** Environment variable; `undefined` where there is none. */
  readonly env?: string;
  /** A second variable, read where the first is not set: a convention of hosting platforms. */
  readonly otherEnv?: string;
  /** Long flag without its dashes; `undefined` where there is none (secrets show in process lists). */
  readonly flag?: string;
  /** What stands behind the flag in help texts. */
  readonly placeholder?: string;
  /** The default as people read it. */
  readonly defaultText: string;
  readonly defaultValue: T;
  /** May be given in the configuration file. */
  readonly inFile: boolean;
  /** Text from a flag or the environment, or a value from the configuration file. */
  read(value: unknown, at: string): T;
}

export function port(value: unknown, at: string): number {
  return requireInteger(at, numberOf(value), { min: 0, max: 65_535 });
}

export function portOrOff(value: unknown, at: string): number | "off" {
  if (value === "off") return value;
  const number = numberOf(value);
  if (Number.isInteger(number) && (number as number) >= 0 && (number as number) <= 65_535) return number as number;
  throw new ConfigurationError(`${at} must be a port from 0 to 65535, or "off"; got ${JSON.stringify(value)}.`);
}

export function bytes(value: unknown, at: string): number {
  return requireInteger(at, numberOf(value), { min: 1 });
}

export const ms =
  (min: number) =>
  (value: unknown, at: string): number =>
    requireMs(at, numberOf(value), { min });

export function text(value: unknown, at: string): string {
  if (typeof value === "string" && value.trim() !== "") return value.trim();
  throw new ConfigurationError(`${at} must be text, got ${JSON.stringify(value)}.`);
}

export const oneOf =
  <const T extends string>(words: readonly T[]) =>
  (value: unknown, at: string): T => {
    if ((words as readonly unknown[]).includes(value)) return value as T;
    throw new ConfigurationError(`${at} must be one of ${words.join(", ")}; got ${JSON.stringify(value)}.`);
  };

export function httpUrl(value: unknown, at: string): string {
  const url = typeof value === "string" && URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol) || url.search !== "" || url.hash !== "") {
    throw new ConfigurationError(
      `${at} must be an http or https address such as https://jobs.example.com, got ${JSON.stringify(value)}.`,
    );
  }
  return url.href.replace(/\/+$/, "");
}

/** Entries divided by commas, or a list of them. */
export function list(value: unknown, at: string): readonly string[] {
  const entries: unknown = typeof value === "string" ? value.split(",") : value;
  if (!Array.isArray(entries) || entries.some((entry) => typeof entry !== "string")) {
    throw new ConfigurationError(
      `${at} must be entries divided by commas, or a list of them; got ${JSON.stringify(value)}.`,
    );
  }
  return entries.map((entry: string) => entry.trim()).filter((entry) => entry !== "");
}

/** Where pages come from, divided by commas, or a list of them: https://app.example.com. */
export function origins(value: unknown, at: string): readonly string[] {
  return list(value, at).map((entry) => {
    const origin = URL.canParse(entry) ? new URL(entry).origin : undefined;
    if (origin === entry.replace(/\/$/, "").toLowerCase()) return origin;
    throw new ConfigurationError(
      `${at} must hold origins such as https://app.example.com, without a path; got ${JSON.stringify(entry)}.`,
    );
  });
}

/** Waits divided by commas, or a list of them. */
export function msList(value: unknown, at: string): readonly number[] {
  const entries: readonly unknown[] = Array.isArray(value)
    ? value
    : typeof value === "string"
      ? value.split(",")
      : [value];
  return entries.map((entry) => requireMs(at, numberOf(entry)));
}

export function flag(value: unknown, at: string): boolean {
  if (value === true || value === "true") return true;
  if (value === false || value === "false") return false;
  throw new ConfigurationError(`${at} must be true or false, got ${JSON.stringify(value)}.`);
}

/** Digits only: Number("") is 0, Number("0x10") is 16, and neither was meant. */
function numberOf(value: unknown): unknown {
  return typeof value === "string" && /^-?\d+$/.test(value.trim()) ? Number(value) : value;
}
