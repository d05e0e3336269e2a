// The reader of the whole log in this process: who stands at its end is served from one read, who is behind reads alone.
//
// 1. `head` is how far the shared read has come. A follower joins at it, or further on; it skips what it has had already.
// 2. The shared read listens before it reads: what commits meanwhile asks for another one (I5).
// 3. A follower that pauses leaves the end of the log with its own cursor. Nothing is queued for it.
// 4. Positions are compared as text (see `EventStore`), and only what the store gives is below the commit horizon (I3).

import type { Clock } from "../clock.js";
import { missingScope, shuttingDown } from "../engine/refusals.js";
import { hasScope, type Principal } from "../principal/principal.js";
import type { Store } from "../store/store.js";
import {
  type Chooser,
  createChooser,
  type LogFilter,
  type LogItem,
  runsOf,
  toWholePage,
  type WholePage,
} from "./log-page.js";
import type { Wakeups } from "./wakeups.js";

/** Nothing is called before `subscribe` has resolved, and its caller gone on. */
export interface LogReader {
  /** A run of what the follower may see and wants, in the order of the log. */
  onEvents(items: readonly LogItem[]): void;
  /** Never called: the log has no end. */
  onEnd(): void;
  /** `shutting_down` where this process stops; `store_unavailable`. Nothing more comes; resume with `cursor`. */
  onError(error: unknown): void;
}

export interface LogSubscription {
  /** How far the follower has come, events included that it did not want. `null` before the oldest event. */
  readonly cursor: string | null;
  pause(): void;
  resume(): void;
  close(): void;
}

export interface LogOptions extends LogFilter {
  readonly principal: Principal;
  /** A position that was seen; `null` starts at the oldest event that is kept, `undefined` with what is still to come. */
  readonly after?: string | null | undefined;
  readonly reader: LogReader;
}

export interface LogTail {
  /** @throws AppError `invalid_request` where `after` cannot be read; `forbidden`. */
  subscribe(options: LogOptions): Promise<LogSubscription>;
}

/** Events per read. */
const PAGE_EVENTS = 500;

export interface LogTailDependencies {
  readonly store: Store;
  readonly wakeups: Wakeups;
  readonly clock: Clock;
}

export function createLogTail({ store, wakeups, clock }: LogTailDependencies): LogTail {
  const members = new Set<LogFollower>();
  // Followers that come back together, after a restart for instance, read the same pages at the same time.
  const reads = new Map<string, Promise<WholePage>>();
  let head: string | undefined;
  let unlisten: (() => void) | undefined;
  let isAsked = false;
  let isReading = false;

  const read = (after: string): Promise<WholePage> => {
    let page = reads.get(after);
    if (page === undefined) {
      page = store.events.readLog({ after: after === "" ? null : after, limit: PAGE_EVENTS }).then(toWholePage);
      reads.set(after, page);
      const forget = () => void reads.delete(after);
      page.then(forget, forget);
    }
    return page;
  };

  const ask = () => {
    if (isAsked) return;
    isAsked = true;
    // One read for all that one batch has moved.
    if (!isReading) clock.nextTurn(() => void readOn());
  };

  const readOn = async () => {
    if (isReading) return;
    isReading = true;
    try {
      while (isAsked && members.size > 0 && head !== undefined) {
        isAsked = false;
        const start = head;
        // Never one that began before this was asked for.
        const page = toWholePage(
          await store.events.readLog({ after: start === "" ? null : start, limit: PAGE_EVENTS }),
        );
        // All have left meanwhile, and others have come, who stand elsewhere.
        if (head !== start) {
          isAsked = true;
          continue;
        }
        for (const member of members) member.take(page);
        if (members.size > 0) head = page.position ?? "";
        isAsked ||= page.entries.length === PAGE_EVENTS;
        if (!isAsked && wakeups.isStopped) throw shuttingDown();
      }
    } catch (error) {
      for (const member of members) member.fail(error);
    } finally {
      isReading = false;
      isAsked = false;
    }
  };

  /** @returns whether the follower has come as far as the shared read. */
  const join = (follower: LogFollower): boolean => {
    if (head !== undefined && follower.position < head) return false;
    members.add(follower);
    if (head === undefined) {
      head = follower.position;
      unlisten = wakeups.onCommit(ask);
      // Between this follower's last read and the listening something may have been committed.
      ask();
    } else if (wakeups.isStopped) ask();
    return true;
  };

  const leave = (follower: LogFollower): void => {
    if (!members.delete(follower) || members.size > 0) return;
    head = undefined;
    unlisten?.();
    unlisten = undefined;
  };

  return {
    async subscribe({ principal, after, reader, ...filter }) {
      if (!hasScope(principal, "jobs:read")) throw missingScope("jobs:read");
      // It says whether the position can be read, before anything is answered.
      if (after !== undefined) await store.events.readLog({ after, limit: 1 });
      const end = await store.events.logEnd();
      const chooser = createChooser(principal, filter);
      // A position that is not reached yet was given by another store: what came since then, nobody here can tell.
      const isForeign = (after ?? "") > end;
      const position = after === undefined || isForeign ? end : (after ?? "");
      const follower = new LogFollower({ read, join, leave, chooser, reader }, { position, isForeign });
      // Not before the caller has the subscription in hand.
      clock.nextTurn(() => void follower.catchUp());
      return follower;
    },
  };
}

interface FollowerParts {
  read(after: string): Promise<WholePage>;
  join(follower: LogFollower): boolean;
  leave(follower: LogFollower): void;
  readonly chooser: Chooser;
  readonly reader: LogReader;
}

class LogFollower implements LogSubscription {
  /** As text that sorts; empty before the oldest event. */
  position: string;
  readonly #parts: FollowerParts;
  #state: "open" | "paused" | "closed" = "open";
  #isCatchingUp = false;
  #tellsReset: boolean;
  /** The last missing event of which the reader knows. */
  #knownPurged = "";

  constructor(parts: FollowerParts, { position, isForeign }: { position: string; isForeign: boolean }) {
    this.#parts = parts;
    this.position = position;
    this.#tellsReset = isForeign;
  }

  get cursor(): string | null {
    return this.position === "" ? null : this.position;
  }

  pause(): void {
    if (this.#state !== "open") return;
    this.#state = "paused";
    this.#parts.leave(this);
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "open";
    void this.catchUp();
  }

  close(): void {
    this.#state = "closed";
    this.#parts.leave(this);
  }

  fail(error: unknown): void {
    if (this.#state === "closed") return;
    this.close();
    this.#parts.reader.onError(error);
  }

  /** Reads alone, page by page, until it has come as far as the shared read. */
  async catchUp(): Promise<void> {
    if (this.#isCatchingUp) return;
    this.#isCatchingUp = true;
    try {
      while (this.#state === "open") {
        const page = await this.#parts.read(this.position);
        if (this.#state !== "open") return;
        this.take(page);
        if (this.#state === "open" && page.entries.length < PAGE_EVENTS && this.#parts.join(this)) return;
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.#isCatchingUp = false;
    }
  }

  take(page: WholePage): void {
    const { chooser } = this.#parts;
    const purged = chooser.lastPurged(page);
    if (this.#tellsReset || (purged > this.position && purged > this.#knownPurged)) {
      this.#tellsReset = false;
      this.#knownPurged = purged;
      this.#hand([{ kind: "reset", position: this.cursor }]);
      if (this.#state !== "open") return;
    }
    for (const run of runsOf(chooser.choose(page, this.position))) {
      this.position = run.at(-1)?.position ?? this.position;
      this.#hand(run);
      if (this.#state !== "open") return;
    }
    if ((page.position ?? "") > this.position) this.position = page.position ?? "";
  }

  #hand(items: readonly LogItem[]): void {
    try {
      this.#parts.reader.onEvents(items);
    } catch (error) {
      this.fail(error);
    }
  }
}
