// Every lease of this process, from the claim until it is settled: waiting in a buffer, running, or being settled.
import type { ClaimedJob, JobId } from "../job/job.js";
import type { HeldLease } from "../store/job-store.js";
import type { Attempt } from "./attempt.js";

export interface Held {
  readonly job: ClaimedJob;
  /** Until the handler is called there is none. */
  attempt: Attempt | undefined;
}

export class HeldLeases {
  readonly #held = new Map<JobId, Held>();
  /** Slots kept for jobs that are being stored already leased. */
  #reserved = 0;
  #waiting: (() => void)[] = [];

  get size(): number {
    return this.#held.size;
  }

  get reserved(): number {
    return this.#reserved;
  }

  add(job: ClaimedJob): Held {
    const held: Held = { job, attempt: undefined };
    this.#held.set(job.id, held);
    return held;
  }

  get(jobId: JobId): Held | undefined {
    return this.#held.get(jobId);
  }

  has(held: Held): boolean {
    return this.#held.get(held.job.id) === held;
  }

  release(held: Held): void {
    if (this.has(held)) this.#held.delete(held.job.id);
    this.#noteEmpty();
  }

  reserve(): void {
    this.#reserved++;
  }

  unreserve(): void {
    this.#reserved--;
    this.#noteEmpty();
  }

  leases(): readonly HeldLease[] {
    return [...this.#held.values()].map(({ job }) => ({ jobId: job.id, leaseToken: job.lease.token }));
  }

  running(): readonly { readonly job: ClaimedJob; readonly attempt: Attempt }[] {
    return [...this.#held.values()].filter((held): held is Held & { attempt: Attempt } => held.attempt !== undefined);
  }

  /** Resolves when nothing is held and no slot is kept. */
  async emptied(): Promise<void> {
    while (this.#held.size > 0 || this.#reserved > 0) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #noteEmpty(): void {
    if (this.#held.size > 0 || this.#reserved > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
