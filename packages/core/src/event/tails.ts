// Which jobs are followed in this process, each by one reader, however many follow it.
import type { Job, JobId } from "../job/job.js";
import type { Store } from "../store/store.js";
import { type EventReader, JobTail, type Subscription } from "./job-tail.js";
import type { Wakeups } from "./wakeups.js";

export interface Tails {
  /** @param job As the caller was just allowed to read it. */
  subscribe(job: Job, options: { after: number; reader: EventReader }): Subscription;
}

export function createTails({ store, wakeups }: { store: Store; wakeups: Wakeups }): Tails {
  const tails = new Map<JobId, JobTail>();
  const dependencies = { store, wakeups, onIdle: (jobId: JobId) => void tails.delete(jobId) };
  return {
    subscribe(job, options) {
      let tail = tails.get(job.id);
      if (tail === undefined) {
        tail = new JobTail(dependencies, job);
        tails.set(job.id, tail);
      }
      return tail.add(job, options);
    },
  };
}
