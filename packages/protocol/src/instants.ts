// Instants: epoch milliseconds in code, RFC 3339 text on the wire.

/** RFC 3339, UTC, milliseconds: `2026-11-22T09:00:00.000Z`. */
export function toInstantText(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

export function toInstantTextOrNull(epochMs: number | null): string | null {
  return epochMs === null ? null : toInstantText(epochMs);
}

// A full date and time with an offset; Date.parse alone would also take "2026" and local times.
const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** Epoch milliseconds of an RFC 3339 text, or `undefined` where it is none. */
export function parseInstant(text: string): number | undefined {
  if (!RFC_3339.test(text)) return undefined;
  const epochMs = Date.parse(text);
  return Number.isNaN(epochMs) ? undefined : epochMs;
}
