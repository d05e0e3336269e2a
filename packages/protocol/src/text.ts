// Text that no store can keep, and the canonical form of JSON.

/**
 * Finds the first string in a JSON value that PostgreSQL, or UTF-8 itself, cannot hold: one with NUL or a lone surrogate.
 *
 * @returns its JSON Pointer fragment (`#/a/0`), or `undefined` where all is well.
 */
export function findUnstorableText(value: unknown, pointer = "#"): string | undefined {
  if (typeof value === "string") return isStorableText(value) ? undefined : pointer;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const found = findUnstorableText(value[index], `${pointer}/${index}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, member] of Object.entries(value)) {
    const at = `${pointer}/${escapePointer(name)}`;
    if (!isStorableText(name)) return at;
    const found = findUnstorableText(member, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

// NUL, a high surrogate without its low one, or a low one without its high one.
const UNSTORABLE = /\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

export function isStorableText(text: string): boolean {
  return !UNSTORABLE.test(text);
}

/** Whether a JSON value is nested deeper than `levels`, which also bounds how deep this looks. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((item) => isDeeperThan(item, levels - 1));
  for (const name in value) if (isDeeperThan((value as Record<string, unknown>)[name], levels - 1)) return true;
  return false;
}

/** One member of a JSON Pointer, escaped (RFC 6901, section 3). */
export function escapePointer(member: string): string {
  return member.replaceAll("~", "~0").replaceAll("/", "~1");
}

/**
 * The JSON text that is the same for every spelling of the same value (RFC 8785): members sorted by UTF-16 code
 * units, no white space, numbers as ECMAScript prints them.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join(",")}}`;
}
