// What an answer, or the lack of one, means for the delivery.
import type { Sent } from "@meanwhile/core";
import { errors } from "undici";
import { ConnectTimeout } from "./guard/guarded-connect.js";
import { RefusedTarget } from "./guard/target-guard.js";

export function outcomeOfStatus(statusCode: number): Pick<Sent, "outcome" | "error"> {
  if (statusCode >= 200 && statusCode < 300) return { outcome: "accepted", error: null };
  if (statusCode === 410) return { outcome: "gone", error: "The receiver answered 410: it wants no more." };
  const more = statusCode >= 300 && statusCode < 400 ? "; redirects are not followed" : "";
  return { outcome: "failed", error: `The receiver answered ${statusCode}${more}.` };
}

/** Of everything that a receiver, a network or DNS can cause. @throws the error itself where it is a fault of our own. */
export function outcomeOfError(error: unknown): Pick<Sent, "outcome" | "error"> {
  if (error instanceof RefusedTarget) return { outcome: "refused", error: error.message };
  if (error instanceof errors.InvalidArgumentError) throw error;
  return { outcome: "failed", error: lineOf(error) };
}

/** The whole sending took too long. */
export class SendTimeout extends Error {
  override readonly name = "SendTimeout";
}

/** The caller called it off. */
export class CalledOff extends Error {
  override readonly name = "CalledOff";
}

const LINES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "The connection was refused",
  ECONNRESET: "The connection was reset",
  EPIPE: "The connection was reset",
  ENOTFOUND: "The host's name does not resolve",
  ENODATA: "The host's name has no address",
  EAI_AGAIN: "The host's name cannot be resolved now",
  EHOSTUNREACH: "The host cannot be reached",
  ENETUNREACH: "The network of the host cannot be reached",
  ETIMEDOUT: "The connection timed out",
  UND_ERR_SOCKET: "The receiver closed the connection before its answer was complete",
  UND_ERR_HEADERS_OVERFLOW: "The headers of the answer are too large",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "The answer is not as long as it says",
  UND_ERR_CONNECT_TIMEOUT: "The connection timed out",
};

/** In one line, without the text of the error itself: it may tell of the network behind. */
function lineOf(error: unknown): string {
  if (error instanceof ConnectTimeout || error instanceof SendTimeout || error instanceof CalledOff)
    return error.message;
  if (error instanceof errors.HTTPParserError) return "The answer is no HTTP/1.1.";
  const code = codeOf(error);
  if (code === undefined) return "The connection failed.";
  const known = LINES[code];
  if (known !== undefined) return `${known} (${code}).`;
  if (/CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO/.test(code)) return `No TLS connection that can be trusted (${code}).`;
  return `The connection failed (${code}).`;
}

function codeOf(error: unknown): string | undefined {
  const { code, errors: several } = error as { code?: unknown; errors?: readonly unknown[] };
  if (typeof code === "string") return code;
  // Several addresses were tried, none answered.
  return several?.[0] === undefined ? undefined : codeOf(several[0]);
}
