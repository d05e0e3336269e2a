// What every answer must be, whatever was asked.
import { ERROR_CODES, isErrorCode, type Problem } from "@meanwhile/protocol";
import type { Answer } from "./requests.js";

/** Statuses that say more than their code does. */
const PROTOCOL_STATUSES = new Set([408, 416, 417, 426, 431]);

/** @throws Error naming what is wrong: a 5xx, a refusal that is no problem document, a stack trace, a missing request id. */
export function requireHarmless(answer: Answer, what: string): void {
  const wrong = findHarm(answer);
  if (wrong !== undefined)
    throw new Error(`${what} answered ${answer.statusCode}: ${wrong}\n${answer.body.slice(0, 2_000)}`);
}

function findHarm({ statusCode, headers, body }: Answer): string | undefined {
  if (statusCode >= 500) return "a fault of our own";
  if (!/^[0-9a-f-]{36}$/.test(String(headers["x-request-id"]))) return "no X-Request-Id";
  if (/\n\s+at |node_modules|\.ts:\d+|\.js:\d+/.test(body)) return "a stack trace";
  if (statusCode < 400 || body === "") return undefined;
  if (headers["content-type"] !== "application/problem+json") return "no problem document";
  const problem = JSON.parse(body) as Problem;
  if (problem.status !== statusCode) return "a problem with another status";
  if (!isErrorCode(problem.code)) return "an unknown code";
  if (ERROR_CODES[problem.code].httpStatus !== statusCode && !PROTOCOL_STATUSES.has(statusCode))
    return "a code of another status";
  const missing = ["type", "title", "detail", "instance", "traceId"].find(
    (member) => typeof problem[member] !== "string",
  );
  return missing === undefined ? undefined : `no member "${missing}"`;
}
