// Polling: pages of events, again and again; and long polling: waits until the job has changed, then reads the pages.
import type { JobEvent } from "@meanwhile/protocol";
import { pause, type Reader, type Reading } from "./reader.js";

/** Asks for the next page every so often. */
export const readByPolling: Reader = async (reading) => {
  let after: number | "end" = reading.after;
  while (after !== "end" && !reading.signal.aborted) {
    const next = await readPage(reading, after);
    if (next === after) await pause(50, reading.signal);
    after = next;
  }
};

/** `Prefer: wait` with the ETag that it has: answered as soon as there is more to know. */
export const readByLongPolling: Reader = async (reading) => {
  let after: number | "end" = reading.after;
  let etag = "";
  while (after !== "end" && !reading.signal.aborted) {
    const answer = await ask(reading, `/api/v2/jobs/${reading.jobId}`, { prefer: "wait=20", "if-none-match": etag });
    if (answer === undefined || answer.status === 304) continue;
    etag = answer.headers.get("etag") ?? "";
    for (let before: number | "end" | undefined; before !== after && after !== "end"; ) {
      before = after;
      after = await readPage(reading, after);
    }
  }
};

/** @returns where the next page begins; the same place where there was nothing, or no answer. */
async function readPage(reading: Reading, after: number): Promise<number | "end"> {
  const answer = await ask(reading, `/api/v2/jobs/${reading.jobId}/events?after=${after}&limit=50`);
  if (answer === undefined || reading.signal.aborted) return after;
  const { items, nextCursor } = answer.body as { items: JobEvent[]; nextCursor: string | null };
  for (const event of items) {
    reading.note(event);
    if (reading.signal.aborted) return event.seq;
  }
  return nextCursor === null ? "end" : Number(nextCursor);
}

/** @returns `undefined` where nobody answered, after a pause. @throws Error for an answer that nobody expects. */
async function ask({ http, signal }: Reading, path: string, headers: Record<string, string> = {}) {
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(30_000)]);
    const response = await fetch(`http://${http}${path}`, { headers, signal: limited });
    const text = await response.text();
    if (response.status === 200) return { status: 200, headers: response.headers, body: JSON.parse(text) as unknown };
    if (response.status === 304) return { status: 304, headers: response.headers, body: undefined };
    if (response.status !== 503) throw new UnexpectedAnswer(`GET ${path} was answered ${response.status}: ${text}`);
  } catch (error) {
    if (error instanceof UnexpectedAnswer) throw error;
    // The connection was cut, or nobody listens just now.
  }
  await pause(100, signal);
  return undefined;
}

class UnexpectedAnswer extends Error {}
