// Gives a leased job back, for another worker to take at once; the attempt is not counted.
import type { Writer } from "../batch/writer.js";
import type { Clock } from "../clock.js";
import type { ClaimedJob, JobState } from "../job/job.js";
import { isRefusal, transition } from "../job/transitions.js";
import type { Store } from "../store/store.js";

export interface HandBackDependencies {
  store: Store;
  writer: Writer;
  clock: Clock;
}

export async function handBack({ store, writer, clock }: HandBackDependencies, claimed: ClaimedJob): Promise<void> {
  const leaseToken = claimed.lease.token;
  for (
    let job: JobState | undefined = claimed;
    job?.lease?.token === leaseToken;
    job = await store.jobs.find(claimed.id)
  ) {
    const decision = transition(job, { kind: "handBack", leaseToken }, clock.now());
    if (isRefusal(decision)) return;
    const result = await writer.commit(decision, { type: claimed.type });
    if (result.outcome === "committed") return;
  }
}
