// Every lease of this process, from the claim until it is settled: waiting in a buffer, running, or being settled.
//
// They are in an array, each knowing its place: a Map through which hundreds of jobs pass with every claim is rehashed all
// the time, and V8 chains its outgrown tables, so that what has left it is kept until the next full collection.
import type { ClaimedJob, JobId } from "../job/job.js";
import type { HeldLease } from "../store/job-store.js";
import type { Attempt } from "./attempt.js";

export class Held implements HeldLease {
  readonly job: ClaimedJob;
  /** Until the handler is called there is none. */
  attempt: Attempt | undefined;
  /** Where it is kept; -1 once it was released. */
  place: number;

  constructor(job: ClaimedJob, place: number) {
    this.job = job;
    this.place = place;
  }

  get jobId(): JobId {
    return this.job.id;
  }

  get leaseToken(): string {
    return this.job.lease.token;
  }

  get isReleased(): boolean {
    return this.place === -1;
  }
}

export class HeldLeases {
  readonly #held: Held[] = [];
  /** Slots kept for jobs that are being stored already leased. */
  #reserved = 0;
  #waiting: (() => void)[] = [];

  get size(): number {
    return this.#held.length;
  }

  get reserved(): number {
    return this.#reserved;
  }

  add(job: ClaimedJob): Held {
    const held = new Held(job, this.#held.length);
    this.#held.push(held);
    return held;
  }

  /** Looks through all of them: for what happens rarely. */
  find({ jobId, leaseToken }: HeldLease): Held | undefined {
    return this.#held.find(({ job }) => job.id === jobId && job.lease.token === leaseToken);
  }

  has(jobId: JobId): boolean {
    return this.#held.some(({ job }) => job.id === jobId);
  }

  byJob(): ReadonlyMap<JobId, Held> {
    return new Map(this.#held.map((held) => [held.job.id, held]));
  }

  /** Harmless where it was released before. */
  release(held: Held): void {
    if (held.isReleased) return;
    // The last one takes its place: their order says nothing.
    const last = this.#held.pop()!;
    if (last !== held) {
      this.#held[held.place] = last;
      last.place = held.place;
    }
    held.place = -1;
    this.#noteEmpty();
  }

  reserve(): void {
    this.#reserved++;
  }

  unreserve(): void {
    this.#reserved--;
    this.#noteEmpty();
  }

  leases(): readonly Held[] {
    return [...this.#held];
  }

  running(): readonly { readonly job: ClaimedJob; readonly attempt: Attempt }[] {
    return this.#held.filter((held): held is Held & { attempt: Attempt } => held.attempt !== undefined);
  }

  /** Resolves when nothing is held and no slot is kept. */
  async emptied(): Promise<void> {
    while (this.#held.length > 0 || this.#reserved > 0) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #noteEmpty(): void {
    if (this.#held.length > 0 || this.#reserved > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
