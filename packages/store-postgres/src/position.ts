// The place of an event in the whole log, as text that sorts as the places do (invariant I3).
import { AppError } from "@meanwhile/core";

export type Place = readonly [generation: number, tx: number, number: number];

/** Before the first event. */
export const LOG_START: Place = [0, 0, 0];

export function toPosition([generation, tx, number]: Place): string {
  return `${pad(generation, 6)}-${pad(tx, 16)}-${pad(number, 16)}`;
}

/** @throws AppError `invalid_request` where it cannot be read. */
export function readPosition(text: string): Place {
  const [, generation, tx, number] = /^(\d{6})-(\d{16})-(\d{16})$/.exec(text) ?? [];
  if (generation !== undefined) return [Number(generation), Number(tx), Number(number)];
  throw new AppError("invalid_request", {
    message: "The position in the log cannot be read. Send the position of an earlier page, or none.",
  });
}

/** As wide as the largest one that this writes. */
const pad = (value: number, width: number): string => String(value).padStart(width, "0");
