// The slots of one job type in one process, and the jobs that wait in memory for one.
import type { AnyJobDefinition } from "../definition/define-job.js";
import type { ClaimedType } from "../store/job-store.js";
import type { Held } from "./held-leases.js";

/** Jobs of a type that are shorter than this on average may be claimed ahead of free slots. */
const SHORT_MS = 20;
/** What is claimed ahead should be begun within this time: well before it would be handed back. */
const AHEAD_MS = 250;
const MOST_AHEAD = 500;
/** Weight of the latest run in the average. */
const SMOOTHING = 0.05;

export class Pool {
  readonly definition: AnyJobDefinition;
  /** Handlers running now. */
  running = 0;
  /** Slots kept for jobs that are about to be stored already leased. */
  reserved = 0;
  /** The last claim took everything there was, and no hint has come since. */
  seenEmpty = false;
  /** A hint came while a claim was under way: its finding nothing proves nothing. */
  hinted = false;
  /** Buffered jobs are being begun. */
  filling = false;
  #averageMs: number | undefined;
  #buffer: Held[] = [];
  #next = 0;

  constructor(definition: AnyJobDefinition) {
    this.definition = definition;
  }

  get freeSlots(): number {
    return this.definition.concurrency - this.running - this.reserved;
  }

  get buffered(): number {
    return this.#buffer.length - this.#next;
  }

  /** How many jobs a claim may bring now. */
  get claimLimit(): number {
    const ahead = this.#ahead();
    // Small refills would cost a statement each; the buffer is filled again when half of it is gone.
    if (this.buffered > ahead / 2) return 0;
    return Math.max(0, this.freeSlots + ahead - this.buffered);
  }

  /** How a claim asks for so many. */
  request(limit: number): ClaimedType {
    const { type, globalConcurrency } = this.definition;
    return { type, limit, globalConcurrency };
  }

  hint(): void {
    this.hinted = true;
    this.seenEmpty = false;
  }

  push(jobs: readonly Held[]): void {
    // Those that have begun are forgotten here: under load the buffer never runs empty.
    if (this.#next > 0) this.#buffer = this.#buffer.slice(this.#next);
    this.#next = 0;
    for (const job of jobs) this.#buffer.push(job);
  }

  shift(): Held | undefined {
    return this.#next < this.#buffer.length ? this.#buffer[this.#next++] : undefined;
  }

  /** Takes out one job. @returns `false` where it does not wait here. */
  remove(job: Held): boolean {
    const place = this.#buffer.indexOf(job, this.#next);
    if (place < 0) return false;
    this.#buffer.splice(place, 1);
    return true;
  }

  /** Takes out what was claimed before this instant and has not begun. */
  takeOlderThan(instant: number, leaseMs: number): readonly Held[] {
    const left: Held[] = [];
    const taken: Held[] = [];
    for (const held of this.#buffer.slice(this.#next))
      (held.job.lease.expiresAt - leaseMs < instant ? taken : left).push(held);
    this.#buffer = left;
    this.#next = 0;
    // They waited longer than a short type's jobs would: what is handed back must not be claimed ahead again at once.
    if (taken.length > 0) this.#averageMs = AHEAD_MS;
    return taken;
  }

  takeAll(): readonly Held[] {
    return this.takeOlderThan(Number.POSITIVE_INFINITY, 0);
  }

  observe(ranMs: number): void {
    this.#averageMs = this.#averageMs === undefined ? ranMs : this.#averageMs + (ranMs - this.#averageMs) * SMOOTHING;
  }

  #ahead(): number {
    // What waits here would take from what other processes may run.
    if (this.definition.globalConcurrency !== null) return 0;
    if (this.#averageMs === undefined || this.#averageMs > SHORT_MS) return 0;
    return Math.min(MOST_AHEAD, Math.floor((this.definition.concurrency * AHEAD_MS) / Math.max(this.#averageMs, 0.1)));
  }
}
