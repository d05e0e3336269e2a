// What callers were promised during a soak, and what has become of it so far.
import { auditLife } from "../crash/audit/audit-life.js";
import type { EventFact, JobFact } from "../crash/audit/facts.js";

/** Enough to see what is wrong; a broken server would fill the memory. */
const MOST_FAULTS = 100;

export class Ledger {
  /** By what was done: submitted, followed on which channel, cancelled and so on. */
  readonly counts = new Map<string, number>();
  readonly faults: string[] = [];
  /** Answered with 202, and not seen finished yet. */
  readonly #pending = new Set<string>();
  /** Finished and held against the invariants. They are met again until they are pruned. */
  #audited = new Set<string>();
  #auditedBefore = new Set<string>();
  readonly #hookPending = new Set<string>();
  #auditedCount = 0;

  get pendingCount(): number {
    return this.#pending.size;
  }

  get auditedCount(): number {
    return this.#auditedCount;
  }

  get pending(): readonly string[] {
    return [...this.#pending];
  }

  /** Jobs whose end was to be told by a webhook that has not come. */
  get hooksPending(): readonly string[] {
    return [...this.#hookPending];
  }

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  fault(text: string): void {
    if (this.faults.length < MOST_FAULTS) this.faults.push(text);
  }

  accepted(jobId: string, { hook = false } = {}): void {
    this.count("accepted");
    // It may have been quick: the audit can be faster than the answer.
    if (!this.isKnown(jobId)) this.#pending.add(jobId);
    if (hook) this.#hookPending.add(jobId);
  }

  /** A caller purged it, which only a finished job allows. */
  purged(jobId: string): void {
    this.count("purged");
    this.#pending.delete(jobId);
  }

  hookCame(jobId: string): void {
    this.count("webhooks taken");
    this.#hookPending.delete(jobId);
  }

  /** Whether it has been audited, as far as that is remembered. */
  isKnown(jobId: string): boolean {
    return this.#audited.has(jobId) || this.#auditedBefore.has(jobId);
  }

  /** A finished job as it is stored; the events in the order of `seq`. */
  ended(job: JobFact, events: readonly EventFact[]): void {
    this.#pending.delete(job.id);
    this.#audited.add(job.id);
    this.#auditedCount++;
    this.count(`ended ${job.status}`);
    if (events.some(({ type }) => type === "job.retrying")) this.count("retried");
    if (events.at(-1)?.type === "job.failed" && job.startedAt === null) this.count("expired");
    for (const fault of auditLife(job, events)) this.fault(fault);
  }

  /** Called at most once in the time that finished jobs are kept: forgets those that no look will meet again. */
  turnPage(): void {
    this.#auditedBefore = this.#audited;
    this.#audited = new Set();
  }
}
