// Pages of events, and in between a question whether there are more: one that waits (long polling), or every now and then.
import type { JobEvent, JobResource, PageResource } from "@meanwhile/protocol";
import { ConnectionError, ProblemError } from "../errors.js";
import { retryAfterMsOf } from "../http/backoff.js";
import { isWorthRepeating } from "../http/http-client.js";
import { pause } from "../http/waiting.js";
import { type Reading, type Transport, TransportFault } from "./transport.js";

export const readByLongPolling: Transport = (reading) => readInRounds(reading, reading.times.longPollMs);
export const readByPolling: Transport = (reading) => readInRounds(reading, 0);

const PAGE_LIMIT = 200;
/** What breaks after this time was a wait that somebody cut; what breaks at once has no server behind it. */
const CUT_AFTER_MS = 1_000;
/** Whatever a server asks for: a job is not left alone for longer. */
const LONGEST_ASKED_MS = 60_000;
/** A long poll that changed nothing and took less than this has not waited: something answers in the server's place. */
const HASTY_MS = 500;

async function* readInRounds(reading: Reading, waitMs: number): AsyncGenerator<JobEvent, "ended" | "again"> {
  const { signal } = reading;
  let after = reading.after;
  let etag: string | undefined;
  for (;;) {
    const page = await ask(reading, () => readPage(reading, after));
    for (const event of page.items) {
      after = Math.max(after, event.seq);
      yield event;
    }
    if (page.nextCursor === null) return "ended";
    if (page.items.length > 0 && page.items.length === PAGE_LIMIT) continue;
    for (;;) {
      if (reading.hasBetter()) return "again";
      const begunAt = Date.now();
      const state = await ask(reading, () => readState(reading, { etag, waitMs }));
      etag = state.etag;
      if (state.lastSeq > after) break;
      const isHasty = Date.now() - begunAt < HASTY_MS;
      if (waitMs === 0 || (isHasty && state.isUnchanged)) {
        const askedMs = Math.min(state.retryAfterMs ?? 0, LONGEST_ASKED_MS);
        await pause(Math.max(askedMs, reading.times.pollEveryMs), signal);
      }
    }
  }
}

async function readPage({ http, jobId, signal }: Reading, after: number): Promise<PageResource<JobEvent>> {
  const path = `api/v2/jobs/${encodeURIComponent(jobId)}/events?after=${after}&limit=${PAGE_LIMIT}`;
  return (await http.json<PageResource<JobEvent>>({ path, signal, retry: false })).body;
}

interface State {
  readonly lastSeq: number;
  readonly etag: string | undefined;
  readonly isUnchanged: boolean;
  readonly retryAfterMs: number | undefined;
}

async function readState(
  { http, jobId, signal }: Reading,
  { etag, waitMs }: { etag: string | undefined; waitMs: number },
): Promise<State> {
  // Without a known state it answers at once, and tells it.
  const waits = etag !== undefined && waitMs > 0;
  const { status, headers, body } = await http.json<JobResource | undefined>({
    path: `api/v2/jobs/${encodeURIComponent(jobId)}`,
    headers: {
      ...(etag === undefined ? {} : { "if-none-match": etag }),
      ...(waits ? { prefer: `wait=${Math.ceil(waitMs / 1_000)}` } : {}),
    },
    signal,
    ...(waits ? { waitMs } : {}),
    alsoFine: [304],
    retry: false,
  });
  return {
    lastSeq: body?.lastSeq ?? 0,
    etag: headers.get("etag") ?? etag,
    isUnchanged: status === 304,
    retryAfterMs: retryAfterMsOf(headers.get("retry-after"), Date.now()),
  };
}

async function ask<T>(reading: Reading, request: () => Promise<T>): Promise<T> {
  const begunAt = Date.now();
  try {
    const answer = await request();
    reading.alive();
    return answer;
  } catch (error) {
    reading.signal.throwIfAborted();
    if (error instanceof ConnectionError) {
      const kind = Date.now() - begunAt > CUT_AFTER_MS ? "cut" : "away";
      throw new TransportFault(kind, error.message, { cause: error });
    }
    if (!(error instanceof ProblemError) || (!isWorthRepeating(error) && error.status < 500)) throw error;
    const kind = error.status === 504 ? "cut" : "away";
    throw new TransportFault(kind, error.message, { retryAfterMs: error.retryAfterMs, cause: error });
  }
}
