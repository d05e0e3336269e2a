// Byte ranges (RFC 9110, section 14): one range is served, several are answered with the whole file.

export type RangeReading =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly start: number; readonly end: number }
  | { readonly kind: "unsatisfiable" };

const WHOLE: RangeReading = { kind: "whole" };
const UNSATISFIABLE: RangeReading = { kind: "unsatisfiable" };

/** Reads `bytes=first-last`, `bytes=first-` and `bytes=-suffix`; what is none of these is ignored. Both ends inclusive. */
export function readRange(header: string | undefined, sizeBytes: number): RangeReading {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.replaceAll(" ", "") ?? "");
  if (match === null) return WHOLE;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return WHOLE;
  if (first === "") {
    const suffix = Number(last);
    if (suffix === 0 || sizeBytes === 0) return UNSATISFIABLE;
    return { kind: "part", start: Math.max(0, sizeBytes - suffix), end: sizeBytes - 1 };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return WHOLE;
  if (start >= sizeBytes) return UNSATISFIABLE;
  return { kind: "part", start, end: last === "" ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1) };
}
