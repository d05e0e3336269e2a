// "Claimed at birth": a job may be stored already leased to a worker of this process that has a free slot.
import type { ClaimedJob, Job } from "../job/job.js";
import { claimed } from "../job/new-job.js";
import type { NewJob } from "../store/job-store.js";

/** A free slot that a worker keeps for one job that is about to be stored. */
export interface BirthPlace {
  readonly workerId: string;
  readonly leaseToken: string;
  readonly leaseMs: number;
  /** The job is stored: run it. */
  begin(job: ClaimedJob): void;
  /** It was not stored after all. */
  release(): void;
}

/** Asks for a slot for a job of the type; `undefined` where none is free or others wait for it already. */
export type BirthPlaces = (type: string) => BirthPlace | undefined;

export interface Birth {
  readonly newJob: NewJob;
  readonly place: BirthPlace;
  readonly job: ClaimedJob;
}

/**
 * The same new job with its first lease, where a worker has room at once. Never for a job that is delayed or has a
 * `concurrencyKey`: it would jump a queue.
 */
export function claimAtBirth(draft: NewJob, places: BirthPlaces, now: number): Birth | undefined {
  const { job } = draft;
  if (job.readiness !== "ready" || job.concurrencyKey !== null) return undefined;
  const place = places(job.type);
  if (place === undefined) return undefined;
  const lease = { token: place.leaseToken, workerId: place.workerId, expiresAt: now + place.leaseMs };
  const first = claimed<Job>(job, lease, now);
  const newJob: NewJob = { ...draft, job: first.job, events: [...draft.events, first.event] };
  return { newJob, place, job: first.job as ClaimedJob };
}
