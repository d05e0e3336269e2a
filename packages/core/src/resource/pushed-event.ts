// An event as push channels send it: a large result stays behind, and its address goes in its place.
import { type JobEvent, LIMITS } from "@meanwhile/protocol";
import { jobPath } from "./job-resource.js";

// Readers at the end of the same log are handed the same event objects: each is written as text once, however many read it.
const texts = new WeakMap<JobEvent, Map<string, string>>();

/**
 * The JSON text of an event, on one line. A result above 256 KiB is sent as `result: null` with `resultUrl`.
 *
 * @param linkBase Put before the link: empty for an absolute path, or the address of the server.
 */
export function pushedEventText(event: JobEvent, linkBase: string): string {
  let known = texts.get(event);
  if (known === undefined) {
    known = new Map();
    texts.set(event, known);
  }
  let text = known.get(linkBase);
  if (text === undefined) {
    text = writeEvent(event, linkBase);
    known.set(linkBase, text);
  }
  return text;
}

function writeEvent(event: JobEvent, linkBase: string): string {
  const text = JSON.stringify(event);
  if (event.type !== "job.completed") return text;
  const { result } = event.data as JobEvent<"job.completed">["data"];
  if (!isTooLarge(result, text)) return text;
  return JSON.stringify({ ...event, data: { result: null, resultUrl: resultUrl(event.jobId, linkBase) } });
}

/** @param within A JSON text that holds the result: a cheap way to know that it is small. */
function isTooLarge(result: unknown, within: string): boolean {
  // A character takes at most three bytes of UTF-8 for each unit of the text.
  if (within.length * 3 <= LIMITS.pushedResultBytes) return false;
  return Buffer.byteLength(JSON.stringify(result) ?? "") > LIMITS.pushedResultBytes;
}

export function resultUrl(jobId: string, linkBase: string): string {
  return `${linkBase}${jobPath(jobId)}/result`;
}
