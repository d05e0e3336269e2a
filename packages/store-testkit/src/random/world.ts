// What a random sequence knows: the time, the ids it made, the leases its workers believe to hold. The same for both stores.
import type { ClaimedJob, Job, JobId, Progress } from "@meanwhile/core";
import { uuidOf } from "../builders.js";
import { BUILT_AT } from "../manual-clock.js";

/** What a worker carries in its head; it learns of a lost lease only when a write is refused. */
export type HeldJob = ClaimedJob;

export class World {
  now = BUILT_AT;
  readonly jobIds: JobId[] = [];
  /** What a caller saw when it submitted, however long ago. */
  readonly submitted = new Map<JobId, Job>();
  readonly fileIds: string[] = [];
  readonly held: HeldJob[] = [];
  #made = 0;

  newId(): string {
    return uuidOf(++this.#made);
  }

  newToken(): string {
    return `token-${String(++this.#made).padStart(16, "0")}`;
  }

  job(back: number): JobId | undefined {
    return fromTheEnd(this.jobIds, back);
  }

  heldJob(back: number): HeldJob | undefined {
    return fromTheEnd(this.held, back);
  }

  /** The worker remembers what it reported itself. */
  remember(held: HeldJob, news: { progress?: Progress; undoSteps?: readonly string[] }): void {
    const index = this.held.findIndex((other) => other.id === held.id && other.lease.token === held.lease.token);
    const known = this.held[index];
    if (known !== undefined) this.held[index] = { ...known, ...news };
  }
}

function fromTheEnd<T>(list: readonly T[], back: number): T | undefined {
  return list.length === 0 ? undefined : list[list.length - 1 - (back % list.length)];
}
