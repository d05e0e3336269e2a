// From an answer that is a refusal to the error that says so.
import { isErrorCode, type Problem } from "@meanwhile/protocol";
import { JobPurgedError, ProblemError } from "../errors.js";
import { retryAfterMsOf } from "./backoff.js";

export async function problemOf(response: Response, url: string): Promise<ProblemError> {
  if (isRedirect(response)) return new ProblemError({ message: redirectedTo(response, url), status: response.status });
  const problem = readProblem(await response.text().catch(() => ""));
  const retryAfterMs = retryAfterMsOf(response.headers.get("retry-after"), Date.now());
  return toProblemError(problem, { status: response.status, retryAfterMs, url });
}

/** Browsers hide where to: to them it is an opaque answer of status 0. */
function isRedirect({ status, type }: Response): boolean {
  return type === "opaqueredirect" || (status >= 300 && status < 400 && status !== 304);
}

function redirectedTo({ headers }: Response, url: string): string {
  const location = headers.get("location");
  const elsewhere = location === null ? "elsewhere" : `to ${location}`;
  return `${url} redirects ${elsewhere}, and only what reads is redirected: name the address behind it as baseUrl.`;
}

export function toProblemError(
  problem: Problem | undefined,
  { status, retryAfterMs, url }: { status: number; retryAfterMs?: number | undefined; url: string },
): ProblemError {
  const message =
    problem === undefined
      ? `${url} answered ${status} without saying why: is it a meanwhile server, and does nothing stand in between?`
      : sentenceOf(problem);
  const facts = { message, status, problem, retryAfterMs };
  return problem?.code === "job_purged" ? new JobPurgedError(facts) : new ProblemError(facts);
}

function sentenceOf({ detail, title, errors = [] }: Problem): string {
  const sentence = detail || title;
  // A single fault usually is the sentence already.
  const more = errors.filter((fault) => !sentence.includes(fault.detail));
  return [sentence, ...more.map((fault) => `${fault.pointer}: ${fault.detail}`)].join(" ");
}

export function readProblem(text: string): Problem | undefined {
  try {
    const value = JSON.parse(text) as Partial<Problem> | null;
    return isErrorCode(value?.code) && typeof value?.title === "string" ? (value as Problem) : undefined;
  } catch {
    // Not JSON, so no problem document.
    return undefined;
  }
}
