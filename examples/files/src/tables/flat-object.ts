// Parses the text of one flat json object into cells, numbers with the digits they were written with.
import { ConversionError } from "../conversion-error.js";
import type { Cell } from "./cell.js";

/**
 * @param number Which element of the array it is, from 1, for messages.
 * @throws ConversionError `corrupt_file` when it is no json; `not_tabular` when it is no object, or holds another one or an array.
 */
export function parseFlatObject(text: string, number: number): ReadonlyMap<string, Cell> {
  for (const [key, value] of Object.entries(requireObject(text, number))) {
    if (typeof value === "object" && value !== null) throw nested(key, number);
  }
  // JSON.parse has vouched for the text, so this pattern finds every member. It is read again because parsing rounds long numbers
  // and moves keys such as "1" to the front. A repeated key counts with its last value, as in JSON.parse.
  const cells = new Map<string, Cell>();
  for (const [, key, numeral, other] of text.matchAll(MEMBER)) {
    cells.set(JSON.parse(key!) as string, numeral !== undefined ? { literal: numeral } : (JSON.parse(other!) as Cell));
  }
  return cells;
}

/** A key, then a number or another scalar. */
const MEMBER = /("(?:[^"\\]|\\.)*")\s*:\s*(?:(-?\d[\d.eE+-]*)|("(?:[^"\\]|\\.)*"|true|false|null))/g;

function requireObject(text: string, number: number): object {
  const value = parseJson(text, number);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  const what = Array.isArray(value) ? "an array" : value === null ? "null" : `a ${typeof value}`;
  throw new ConversionError("not_tabular", `Element ${number} of the array is ${what}; each must be a flat object.`);
}

function parseJson(text: string, number: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { message } = cause as Error;
    throw new ConversionError("corrupt_file", `Element ${number} of the array is no valid json: ${message}`, { cause });
  }
}

function nested(key: string, number: number): ConversionError {
  return new ConversionError(
    "not_tabular",
    `Element ${number}: "${key}" holds an object or an array. A cell holds text, a number, true, false or null: flatten it first.`,
  );
}
