// The reader of one job's log in this process: followers at the same place share every read and every event object.
//
// 1. Followers that stand behind the same `seq` are a group, and a group reads once for all of them.
// 2. A page that holds something never changes: whoever stands at its beginning may have it. An empty one says only what
//    was so when its read began; a hint, or somebody who joins during a read, asks for one that begins later (I5).
// 3. Nothing is queued for a follower that pauses: it leaves with its own cursor, and comes back by reading.
// 4. Between a read and the handing out nothing is awaited: every follower gets each `seq` once and in order (I2).
import { isTerminal, type JobEvent } from "@meanwhile/protocol";
import { jobPurged, shuttingDown } from "../engine/refusals.js";
import type { StoredEvent } from "../job/change.js";
import type { Job, JobId } from "../job/job.js";
import type { Store } from "../store/store.js";
import { type EventSubject, needsRow, toJobEvent } from "./event.js";
import type { JobListener, Wakeups } from "./wakeups.js";

/** Who wants the events of a job. Nothing is called before `subscribe` has returned; after an end or an error, nothing more. */
export interface EventReader {
  /**
   * A run of events behind the last one. All followers at the same place are handed the same array: what is made of it may
   * be kept by it.
   */
  onEvents(events: readonly JobEvent[]): void;
  /** The terminal event has been handed out, or had been before. */
  onEnd(): void;
  /** What `follow` would throw. */
  onError(error: unknown): void;
}

export interface Subscription {
  /** The last `seq` that was handed out; at first `after`. */
  readonly cursor: number;
  /** Nothing more is handed out until `resume`, not even the rest of a page. */
  pause(): void;
  resume(): void;
  /** For good. May be called twice. */
  close(): void;
}

export interface JobTailDependencies {
  readonly store: Store;
  readonly wakeups: Wakeups;
  /** The last follower has gone. */
  onIdle(jobId: JobId): void;
}

/** Events per read: enough to catch up fast, few enough that a page is small. */
const PAGE_EVENTS = 200;
/** What is handed out at once: with a pause behind it, the most that a slow reader has waiting, or one event where that is larger. */
const SLICE_BYTES = 64 * 1024;

/** What is kept of the job's row: the payloads of its submit would weigh on every idle follower. */
type Subject = EventSubject & Pick<Job, "status" | "lastSeq">;

interface Group {
  cursor: number;
  readonly members: Set<Follower>;
  isReading: boolean;
  /** Somebody wants a read that begins after this moment. */
  isAsked: boolean;
  /** The highest `seq` that a hint has told. */
  hintedSeq: number;
}

interface Page {
  readonly slices: readonly (readonly JobEvent[])[];
  readonly isFull: boolean;
  readonly isLast: boolean;
}

export class JobTail implements JobListener {
  readonly #dependencies: JobTailDependencies;
  readonly #jobId: JobId;
  readonly #groups = new Map<number, Group>();
  #subject: Subject;
  #followers = 0;

  constructor(dependencies: JobTailDependencies, job: Job) {
    this.#dependencies = dependencies;
    this.#jobId = job.id;
    this.#subject = toSubject(job);
    // Before the first read: a move in between is kept as a hint.
    dependencies.wakeups.watchJob(job.id, this);
  }

  /** @param job As it was just read: it may know more than this tail does. */
  add(job: Job, { after, reader }: { after: number; reader: EventReader }): Subscription {
    if (job.lastSeq > this.#subject.lastSeq) this.#subject = toSubject(job);
    const follower = new Follower(this, reader, after);
    this.#followers++;
    this.join(follower);
    return follower;
  }

  jobMoved(lastSeq: number): void {
    for (const group of this.#groups.values()) {
      if (lastSeq <= group.cursor) continue;
      group.hintedSeq = Math.max(group.hintedSeq, lastSeq);
      this.#ask(group);
    }
  }

  join(follower: Follower): void {
    const { cursor } = follower;
    let group = this.#groups.get(cursor);
    if (group === undefined) {
      group = { cursor, members: new Set(), isReading: false, isAsked: false, hintedSeq: 0 };
      this.#groups.set(cursor, group);
    }
    group.members.add(follower);
    follower.group = group;
    this.#ask(group);
  }

  leave(follower: Follower): void {
    const { group } = follower;
    follower.group = undefined;
    if (group === undefined) return;
    group.members.delete(follower);
    if (group.members.size === 0 && !group.isReading) this.#drop(group);
  }

  /** A follower has closed. */
  release(): void {
    if (--this.#followers > 0) return;
    this.#dependencies.wakeups.unwatchJob(this.#jobId, this);
    this.#dependencies.onIdle(this.#jobId);
  }

  #ask(group: Group): void {
    group.isAsked = true;
    if (!group.isReading) void this.#readOn(group);
  }

  /** Reads and hands out until there is nothing new. */
  async #readOn(group: Group): Promise<void> {
    group.isReading = true;
    try {
      while (group.members.size > 0 && group.isAsked) {
        const isHinted = group.hintedSeq > group.cursor;
        group.isAsked = false;
        group.hintedSeq = 0;
        const page = await this.#read(group.cursor);
        if (page.slices.length === 0) {
          if (await this.#isOver(group, isHinted)) return this.#end(group);
        } else {
          this.#handOut(group, page.slices);
          if (page.isLast) return this.#end(group);
          if (this.#mergeIntoOther(group)) return;
          // Hints about what is in the page are answered by it.
          group.isAsked = page.isFull || Math.max(group.hintedSeq, this.#subject.lastSeq) > group.cursor;
        }
        if (!group.isAsked && this.#dependencies.wakeups.isStopped) throw shuttingDown();
      }
    } catch (error) {
      this.#fail(group, error);
    } finally {
      group.isReading = false;
      if (group.members.size === 0) this.#drop(group);
    }
  }

  async #read(after: number): Promise<Page> {
    const page = await this.#dependencies.store.events.read(this.#jobId, { after, limit: PAGE_EVENTS });
    const slices: JobEvent[][] = [];
    let bytes = 0;
    let expected = after;
    for (const stored of page) {
      // An erasing in steps takes the oldest first: a gap must be told, not passed over (I2).
      if (stored.seq !== ++expected) throw jobPurged(this.#jobId);
      // The row as it was read may be older than the event that relies on it.
      if (needsRow(stored) && stored.seq > this.#subject.lastSeq) this.#subject = toSubject(await this.#findKept());
      const size = sizeOf(stored, this.#subject);
      if (slices.length === 0 || bytes + size > SLICE_BYTES) {
        slices.push([]);
        bytes = 0;
      }
      bytes += size;
      slices.at(-1)!.push(toJobEvent(stored, this.#subject));
      if (isTerminal(stored.status)) return { slices, isFull: false, isLast: true };
    }
    return { slices, isFull: page.length === PAGE_EVENTS, isLast: false };
  }

  /** After an empty read: whether there will never be more. */
  async #isOver(group: Group, isHinted: boolean): Promise<boolean> {
    // Only a hint that brought no event, or a row that promises one, is a reason to look whether the job has gone.
    if (isHinted || this.#subject.lastSeq > group.cursor) this.#subject = toSubject(await this.#findKept());
    return isTerminal(this.#subject.status) && group.cursor >= this.#subject.lastSeq;
  }

  async #findKept(): Promise<Job> {
    const job = await this.#dependencies.store.jobs.find(this.#jobId);
    if (job === undefined) throw jobPurged(this.#jobId);
    return job;
  }

  #handOut(group: Group, slices: Page["slices"]): void {
    // Whoever joins at the old place meanwhile needs a read of its own.
    this.#drop(group);
    for (const slice of slices) {
      group.cursor = slice.at(-1)!.seq;
      for (const follower of group.members) follower.take(slice, group.cursor);
    }
  }

  /** Others may stand where this group has come to. */
  #mergeIntoOther(group: Group): boolean {
    const other = this.#groups.get(group.cursor);
    if (other === undefined) {
      this.#groups.set(group.cursor, group);
      return false;
    }
    for (const follower of group.members) {
      other.members.add(follower);
      follower.group = other;
    }
    group.members.clear();
    this.#ask(other);
    return true;
  }

  #end(group: Group): void {
    this.#drop(group);
    for (const follower of group.members) follower.end();
  }

  #fail(group: Group, error: unknown): void {
    this.#drop(group);
    for (const follower of group.members) follower.fail(error);
  }

  #drop(group: Group): void {
    if (this.#groups.get(group.cursor) === group) this.#groups.delete(group.cursor);
  }
}

class Follower implements Subscription {
  cursor: number;
  group: Group | undefined;
  readonly #tail: JobTail;
  readonly #reader: EventReader;
  #state: "open" | "paused" | "closed" = "open";

  constructor(tail: JobTail, reader: EventReader, after: number) {
    this.#tail = tail;
    this.#reader = reader;
    this.cursor = after;
  }

  pause(): void {
    if (this.#state !== "open") return;
    this.#state = "paused";
    this.#tail.leave(this);
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "open";
    this.#tail.join(this);
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#tail.leave(this);
    this.#tail.release();
  }

  take(events: readonly JobEvent[], cursor: number): void {
    this.cursor = cursor;
    try {
      this.#reader.onEvents(events);
    } catch (error) {
      // One reader's fault is not its neighbours'.
      this.fail(error);
    }
  }

  end(): void {
    if (this.#state === "closed") return;
    this.close();
    this.#reader.onEnd();
  }

  fail(error: unknown): void {
    if (this.#state === "closed") return;
    this.close();
    this.#reader.onError(error);
  }
}

function toSubject({ type, priority, createdAt, rerunOf, result, error, status, lastSeq }: Job): Subject {
  return { type, priority, createdAt, rerunOf, result, error, status, lastSeq };
}

/** About what it takes as text; the members around the data are few. */
function sizeOf({ data, type }: StoredEvent, { result }: Subject): number {
  if (data !== null) return data.body.length;
  return type === "job.completed" && result !== null ? result.body.length : 0;
}
