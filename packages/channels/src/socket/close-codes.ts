// Why a connection ends, as the close frame says it (RFC 6455, section 7.4); 4000 to 4999 are ours.
import type { AppError } from "@meanwhile/core";
import { ERROR_CODES } from "@meanwhile/protocol";

export const CLOSE_CODES = {
  normal: 1000,
  /** The server goes away: connect again, and resume by cursor. */
  goingAway: 1001,
  /** What was sent is no frame of the protocol that was agreed on. */
  protocolError: 1002,
  /** Something is wrong on our side. */
  serverError: 1011,
  /** Nobody said who they are, or the credential has ended. */
  unauthenticated: 4401,
  /** Not allowed, or nothing that one may see: only where the protocol asks for a close after it. */
  forbidden: 4403,
  notFound: 4404,
  /** Reads too slowly, or holds too much: resume by cursor. */
  tooMuch: 4429,
} as const;

export type CloseCode = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES];

/** How a connection ends that a refusal ends. */
export function closeCodeOf(error: AppError): CloseCode {
  const { httpStatus } = ERROR_CODES[error.code];
  switch (httpStatus) {
    case 401:
      return CLOSE_CODES.unauthenticated;
    case 403:
      return CLOSE_CODES.forbidden;
    case 404:
    case 410:
      return CLOSE_CODES.notFound;
    case 429:
      return CLOSE_CODES.tooMuch;
    case 500:
      return CLOSE_CODES.serverError;
    case 503:
      return error.code === "shutting_down" ? CLOSE_CODES.goingAway : CLOSE_CODES.serverError;
    default:
      return CLOSE_CODES.protocolError;
  }
}

/** A close frame has room for 125 bytes, two of them for the code. */
const REASON_BYTES = 123;

/** The reason as it fits into a close frame, cut between characters. */
export function closeReason(text: string): string {
  if (Buffer.byteLength(text) <= REASON_BYTES) return text;
  const characters = [...text];
  while (Buffer.byteLength(characters.join("")) > REASON_BYTES) characters.pop();
  return characters.join("");
}
