// The event in a text that came from somewhere, if it is one.
import type { JobEvent } from "@meanwhile/protocol";

/** `undefined` for anything else: a newer server may say more than this client knows. */
export function eventOf(text: string): JobEvent | undefined {
  try {
    const value = JSON.parse(text) as Partial<JobEvent> | null;
    return isEvent(value) ? (value as JobEvent) : undefined;
  } catch {
    // Cut short, or not ours: the seq of the next event shows that one is missing.
    return undefined;
  }
}

export function isEvent(value: unknown): value is JobEvent {
  if (typeof value !== "object" || value === null) return false;
  const { seq, type, status } = value as Partial<JobEvent>;
  return Number.isInteger(seq) && typeof type === "string" && typeof status === "string";
}
