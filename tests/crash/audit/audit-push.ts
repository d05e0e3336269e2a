// The audit of a push channel (webhooks, a message queue): every event that was wanted arrived, and in the order of its job (I7).
import type { EventFact } from "./facts.js";

/** One event as it came to a receiver, in the order of coming. */
export interface Arrival {
  readonly jobId: string;
  readonly seq: number;
  /** Whether the receiver took it. */
  readonly wasAccepted: boolean;
}

export interface Pushed {
  /** For people: "webhook". */
  readonly channel: string;
  /** The jobs whose caller was told that the channel is going to tell, each with the types that it wants. */
  readonly wanted: ReadonlyMap<string, ReadonlySet<string>>;
  readonly arrivals: readonly Arrival[];
}

export function auditPush(events: readonly EventFact[], { channel, wanted, arrivals }: Pushed): readonly string[] {
  const taken = new Map<string, Set<number>>();
  const faults: string[] = [];
  const types = new Map(events.map(({ jobId, seq, type }) => [`${jobId}:${seq}`, type]));
  /** The highest `seq` that has come of each job. */
  const newest = new Map<string, number>();
  for (const { jobId, seq, wasAccepted } of arrivals) {
    if (!types.has(`${jobId}:${seq}`)) faults.push(`A ${channel} told ${jobId}:${seq}, which is not there (I9).`);
    const last = newest.get(jobId) ?? 0;
    const accepted = taken.get(jobId) ?? new Set<number>();
    taken.set(jobId, accepted);
    if (seq > last) {
      newest.set(jobId, seq);
      if (last > 0 && !accepted.has(last)) {
        faults.push(`A ${channel} told ${jobId}:${seq} while ${last} had not been taken.`);
      }
    } else if (!accepted.has(seq) && seq < last) {
      faults.push(`A ${channel} told ${jobId}:${seq} for the first time behind ${last}.`);
    }
    if (wasAccepted) accepted.add(seq);
  }
  for (const { jobId, seq, type } of events) {
    if (wanted.get(jobId)?.has(type) === true && taken.get(jobId)?.has(seq) !== true) {
      faults.push(`${jobId}:${seq} (${type}) was never taken by the receiver of its ${channel} (I7).`);
    }
  }
  return faults;
}
