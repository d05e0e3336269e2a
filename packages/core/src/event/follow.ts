// `follow`: the only reader under all pull channels.
import { isTerminal, type JobEvent } from "@meanwhile/protocol";
import { jobPurged, shuttingDown } from "../engine/refusals.js";
import type { Job, JobId } from "../job/job.js";
import type { Store } from "../store/store.js";
import { needsRow, toJobEvent } from "./event.js";
import type { Wakeups } from "./wakeups.js";

export interface FollowDependencies {
  store: Store;
  wakeups: Wakeups;
}

/** Events per read: enough to catch up fast, few enough that a slow reader holds little. */
const PAGE_EVENTS = 200;

const NEVER = new AbortController().signal;

/**
 * Yields the events of a job that the caller may see, from behind `after` to the terminal one.
 *
 * @throws AppError `job_purged` where the job goes before its terminal event was read; `shutting_down` where this process
 *   stops before it, after all that is stored (resume with `after`).
 */
export async function* followJob(
  { store, wakeups }: FollowDependencies,
  job: Job,
  { after = 0, signal = NEVER }: { after?: number; signal?: AbortSignal },
): AsyncGenerator<JobEvent, void, undefined> {
  let cursor = after;
  let subject = job;
  let woken = false;
  const waiter = wakeups.waitOn(job.id);
  try {
    while (!signal.aborted) {
      waiter.reading(cursor);
      const page = await store.events.read(job.id, { after: cursor, limit: PAGE_EVENTS });
      for (const stored of page) {
        // An erasing in steps takes the oldest first: a gap must be told, not passed over (invariant I2).
        if (stored.seq !== cursor + 1) throw jobPurged(job.id);
        // The row as it was read may be older than the event that relies on it.
        if (needsRow(stored) && stored.seq > subject.lastSeq) subject = await findKept(store, job.id);
        cursor = stored.seq;
        yield toJobEvent(stored, subject);
        if (signal.aborted || isTerminal(stored.status)) return;
      }
      if (page.length === PAGE_EVENTS) continue;
      if (page.length === 0) {
        // Only a wake-up that brought no event is a reason to look whether the job has gone.
        if (woken) subject = await findKept(store, job.id);
        if (isTerminal(subject.status) && cursor >= subject.lastSeq) return;
      }
      if (wakeups.isStopped) throw shuttingDown();
      await waiter.moved(signal);
      woken = true;
    }
  } finally {
    waiter.close();
  }
}

async function findKept(store: Store, jobId: JobId): Promise<Job> {
  const job = await store.jobs.find(jobId);
  if (job === undefined) throw jobPurged(jobId);
  return job;
}
