// A value as an error message shows it.

/** Short, and never the whole of something large. */
export function shown(value: unknown): string {
  if (typeof value === "string")
    return value.length > 60 ? `text of ${value.length} characters` : JSON.stringify(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}
