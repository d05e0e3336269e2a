// Follows a job over plain HTTP: pages of events, and long polls in between. Survives a server that restarts.
import { isTerminal, type JobEvent, type JobResource, type PageResource } from "@meanwhile/protocol";
import { type ApiClient, Unreachable } from "./api-client.js";

/** How long one long poll waits; short enough for proxies that cut silent connections after a minute. */
const WAIT_S = 25;
const PAGE_LIMIT = 200;

/** A restart takes seconds; a server that stays away longer is reported. */
const GIVE_UP_AFTER_MS = 60_000;
const ASK_AGAIN_AFTER_MS = 500;

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Last `seq` already seen. Default: 0. */
  readonly after?: number;
  /** Called once each time the server goes away. */
  onTrouble?(message: string): void;
}

/**
 * Yields every event of the job in order, each once, to the terminal one.
 *
 * @throws CliError where the job is not there, or the server stays away; the signal's reason where it is aborted.
 */
export async function* followJob(api: ApiClient, jobId: string, options: FollowOptions): AsyncIterable<JobEvent> {
  const path = `/api/v2/jobs/${encodeURIComponent(jobId)}`;
  const ask = patient(options);
  let after = options.after ?? 0;
  let etag: string | undefined;
  for (;;) {
    const page = await ask(() =>
      api.request<PageResource<JobEvent>>(`${path}/events?after=${after}&limit=${PAGE_LIMIT}`, options),
    );
    for (const event of page.body.items) {
      after = event.seq;
      yield event;
      if (isTerminal(event.status)) return;
    }
    if (page.body.nextCursor === null) return;
    if (page.body.items.length === PAGE_LIMIT) continue;
    const seen: string | undefined = etag;
    const job = await ask(() =>
      api.request<JobResource>(path, {
        // Without a known state this answers at once, and tells it.
        headers: seen === undefined ? {} : { prefer: `wait=${WAIT_S}`, "if-none-match": seen },
        signal: options.signal,
        alsoFine: [304],
      }),
    );
    etag = job.headers.etag ?? etag;
  }
}

/** Repeats a request while the server is away, until it has been away for too long. One that was never there is reported at once. */
function patient(options: FollowOptions): <T>(request: () => Promise<T>) => Promise<T> {
  let wasThere = false;
  let awaySince: number | undefined;
  return async (request) => {
    for (;;) {
      try {
        const answer = await request();
        wasThere = true;
        awaySince = undefined;
        return answer;
      } catch (error) {
        if (!wasThere || !(error instanceof Unreachable)) throw error;
        const now = Date.now();
        if (awaySince === undefined) options.onTrouble?.(error.message);
        awaySince ??= now;
        if (now - awaySince > GIVE_UP_AFTER_MS) throw error;
        await pause(ASK_AGAIN_AFTER_MS, options.signal);
      }
    }
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
