// Cancelling: ends what waits, leaves a wish on what runs.
import type { Writer } from "../batch/writer.js";
import type { Clock } from "../clock.js";
import type { Wakeups } from "../event/wakeups.js";
import type { Job } from "../job/job.js";
import { isRefusal, transition } from "../job/transitions.js";
import type { Store } from "../store/store.js";
import { alreadyFinished, jobPurged } from "./refusals.js";

export interface CancelDependencies {
  store: Store;
  writer: Writer;
  wakeups: Wakeups;
  clock: Clock;
}

export interface Cancelled {
  readonly job: Job;
  readonly outcome: "cancelled" | "requested";
}

/** Decides again as often as the job moves in between; each round saw a later state, so it ends. */
export async function cancelJob(
  { store, writer, wakeups, clock }: CancelDependencies,
  first: Job,
  by: string,
): Promise<Cancelled> {
  for (let job: Job | undefined = first; job !== undefined; job = await store.jobs.find(first.id)) {
    if (job.status === "CANCELLED") return { job, outcome: "cancelled" };
    const decision = transition(job, { kind: "requestCancel", by }, clock.now());
    if (isRefusal(decision)) {
      if (decision.refused === "already_requested") return { job, outcome: "requested" };
      throw alreadyFinished(job);
    }
    const result = await writer.commit(decision, { type: job.type });
    if (result.outcome === "guard_failed") continue;
    if (decision.patch.status !== "CANCELLED") wakeups.cancelRequested(job.id);
    const after = (await store.jobs.find(job.id)) ?? job;
    return { job: after, outcome: after.status === "CANCELLED" ? "cancelled" : "requested" };
  }
  throw jobPurged(first.id);
}
