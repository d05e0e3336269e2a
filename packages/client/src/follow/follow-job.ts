// Follows one job by whatever way works: every event once, in order, to the terminal one.
//
// 1. The cursor is the `seq` of the last event that was yielded. Every connection begins behind it.
// 2. What comes at or below the cursor is dropped; what comes further than one above it is a gap: the connection is left,
//    and the next begins behind the cursor. So nothing is skipped and nothing repeated, whatever the transports do.
// 3. A way that fails again and again without bringing an event is left for the next one. A server that is away is waited for.
import { isTerminal, type JobEvent } from "@meanwhile/protocol";
import { ConnectionError } from "../errors.js";
import { backoffMs } from "../http/backoff.js";
import type { HttpClient } from "../http/http-client.js";
import { pause } from "../http/waiting.js";
import type { FollowTimes, Notice } from "../options.js";
import type { Ladder } from "./ladder.js";
import { type FaultKind, type Transport, TransportFault, type TransportName } from "./transport.js";

export interface Follower {
  readonly http: HttpClient;
  readonly times: Readonly<Required<FollowTimes>>;
  readonly ladder: Ladder;
  /** Waits between two connections. */
  readonly reconnect: { readonly initialDelayMs: number; readonly maxDelayMs: number };
  readonly transports: Readonly<Record<TransportName, Transport>>;
  notify(notice: Notice): void;
}

/** How much a fault says against the transport; one that has collected enough without bringing an event is left. */
const AGAINST: Readonly<Record<FaultKind, number>> = { unsupported: 3, silent: 3, mute: 2, cut: 1, gap: 1, away: 0 };
const ENOUGH = 3;
/** Events that are missing on every transport, time and again, are missing in the log. */
const MOST_GAPS = 12;
/** Whatever a server says: a job is not left alone for longer. */
const LONGEST_COME_BACK_MS = 15_000;

/**
 * @throws ProblemError where the job cannot be read (`job_not_found`, `job_purged`, …); ConnectionError where the server
 *   stays away; the signal's reason.
 */
export async function* followJob(
  follower: Follower,
  jobId: string,
  { after, signal }: { after: number; signal: AbortSignal },
): AsyncGenerator<JobEvent, void> {
  const { ladder, transports, http, times } = follower;
  const patience = new Patience(follower, jobId, signal);
  const cursor = { seq: after };
  for (;;) {
    const transport = ladder.current();
    const events = transports[transport]({
      ...{ jobId, after: cursor.seq, signal, http, times },
      hasBetter: () => ladder.hasBetter(transport),
      alive: () => patience.alive(),
      comeBackWithin: (ms) => patience.comeBackWithin(ms),
    });
    try {
      if ((yield* passOn(events, cursor, () => patience.bore())) === "ended") {
        ladder.praise(transport);
        return;
      }
      if (ladder.current() === transport) await patience.afterEnd();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TransportFault)) throw error;
      await patience.afterFault(error, transport);
    }
  }
}

type Events = ReturnType<Transport>;

/** Yields what is new, moves the cursor with it, and ends the connection: at the terminal event, and where the reader has seen enough. */
async function* passOn(
  events: Events,
  cursor: { seq: number },
  bore: () => void,
): AsyncGenerator<JobEvent, "ended" | "again"> {
  try {
    for (;;) {
      const { done, value } = await nextOf(events, cursor.seq);
      if (done === true) return value;
      cursor.seq = value.seq;
      bore();
      yield value;
      if (isTerminal(value.status)) return "ended";
    }
  } finally {
    await events.return("ended");
  }
}

/** The next event behind the cursor. @throws TransportFault `gap` where one is missing in between. */
async function nextOf(events: Events, seq: number): Promise<IteratorResult<JobEvent, "ended" | "again">> {
  for (;;) {
    const next = await events.next();
    if (next.done === true || next.value.seq === seq + 1) return next;
    if (next.value.seq > seq) throw new TransportFault("gap", `event ${seq + 1} is missing, ${next.value.seq} came`);
  }
}

/** How long to bear with a server that fails, and when to leave a transport. */
class Patience {
  readonly #follower: Follower;
  readonly #jobId: string;
  readonly #signal: AbortSignal;
  #against = 0;
  #gaps = 0;
  #faults = 0;
  #awaySince: number | undefined;
  #isNoticed = false;
  #comeBackMs: number | undefined;

  constructor(follower: Follower, jobId: string, signal: AbortSignal) {
    this.#follower = follower;
    this.#jobId = jobId;
    this.#signal = signal;
  }

  alive(): void {
    this.#awaySince = undefined;
    this.#isNoticed = false;
  }

  bore(): void {
    this.#against = 0;
    this.#gaps = 0;
    this.#faults = 0;
  }

  comeBackWithin(ms: number): void {
    this.#comeBackMs = Math.min(ms, LONGEST_COME_BACK_MS);
  }

  /**
   * The server ended the connection in good order, and others with it: they come back spread over the time that it says.
   * Also where it ends each at once: it must not be asked in a tight loop.
   */
  async afterEnd(): Promise<void> {
    this.#faults++;
    const ceiling = this.#comeBackMs;
    if (ceiling === undefined) return this.#rest(undefined);
    await pause(backoffMs(1, { initialDelayMs: ceiling, maxDelayMs: ceiling }), this.#signal);
  }

  async afterFault(fault: TransportFault, transport: TransportName): Promise<void> {
    const { ladder } = this.#follower;
    this.#faults++;
    this.#against += AGAINST[fault.kind];
    if (fault.kind === "gap" && ++this.#gaps > MOST_GAPS) throw this.#missing(fault);
    if (this.#against >= ENOUGH) {
      this.#against = 0;
      ladder.leave(transport, fault.message);
      // The next way may work at once.
      if (ladder.current() !== transport) return;
    }
    this.#stayAway(fault);
    await this.#rest(fault.retryAfterMs);
  }

  #stayAway(fault: TransportFault): void {
    const { times, notify } = this.#follower;
    const error = fault.cause instanceof Error ? fault.cause : fault;
    const now = Date.now();
    this.#awaySince ??= now;
    if (fault.kind === "away" && !this.#isNoticed) {
      this.#isNoticed = true;
      notify({ kind: "away", jobId: this.#jobId, error });
    }
    if (now - this.#awaySince < times.giveUpAfterMs) return;
    throw error instanceof TransportFault ? this.#missing(error) : error;
  }

  #missing(fault: TransportFault): ConnectionError {
    return new ConnectionError(this.#follower.http.baseUrl, {
      reason: `${fault.message}, again and again.`,
      cause: fault,
    });
  }

  async #rest(askedMs: number | undefined): Promise<void> {
    // A wait beyond the time after which the server is given up would only put that off.
    const retryAfterMs = askedMs === undefined ? undefined : Math.min(askedMs, this.#follower.times.giveUpAfterMs);
    await pause(backoffMs(this.#faults, this.#follower.reconnect, { retryAfterMs }), this.#signal);
  }
}
