// The audit: holds what is stored against the invariants, and against what callers were told.
import type { Promises } from "../promises.js";
import { auditLife } from "./audit-life.js";
import { auditPush, type Pushed } from "./audit-push.js";
import type { EventFact, Facts } from "./facts.js";

/** @param pushed What receivers took, one for each push channel. @returns one sentence for each thing that is wrong; none where every promise was kept. */
export function audit(facts: Facts, promises: Promises, pushed: readonly Pushed[] = []): readonly string[] {
  const eventsOf = groupByJob(facts.events);
  return [
    ...(facts.integrity.join() === "ok" ? [] : [`The store is damaged: ${facts.integrity.join("; ")}`]),
    ...(facts.orphanEvents === 0 ? [] : [`${facts.orphanEvents} events belong to no job (I1).`]),
    ...facts.jobs.flatMap((job) => auditLife(job, eventsOf.get(job.id) ?? [])),
    ...auditPositions(facts.events),
    ...auditLeases(facts),
    ...auditTurns(facts),
    ...auditKeys(facts, promises),
    ...auditAnswers(facts, promises, eventsOf),
    ...pushed.flatMap((each) => auditPush(facts.events, each)),
    ...promises.surprises,
  ];
}

function groupByJob(events: readonly EventFact[]): ReadonlyMap<string, readonly EventFact[]> {
  const groups = new Map<string, EventFact[]>();
  for (const event of events) {
    const group = groups.get(event.jobId);
    if (group === undefined) groups.set(event.jobId, [event]);
    else group.push(event);
  }
  return groups;
}

function auditPositions(events: readonly EventFact[]): readonly string[] {
  const seen = new Set<number>();
  return events.flatMap(({ position, jobId, seq }) => {
    if (seen.has(position)) return [`Position ${position} was drawn twice (I3), by ${jobId}:${seq}.`];
    seen.add(position);
    return [];
  });
}

/** I4: what a worker wrote, it wrote under the lease that it named. */
function auditLeases({ journal, witnessed }: Facts): readonly string[] {
  const held = new Map(witnessed.map(({ jobId, lastSeq, leaseToken }) => [`${jobId}:${lastSeq}`, leaseToken]));
  return journal.flatMap(({ jobId, lastSeq, leaseToken }) => {
    const place = `${jobId}:${lastSeq}`;
    const found = held.get(place);
    if (found === leaseToken) return [];
    return [
      found === undefined
        ? `A worker was told that ${place} was written, and it is not there (I9).`
        : `${place} was written by the lease ${leaseToken}, while ${found} was held (I4).`,
    ];
  });
}

/** One lease per owner and key at a time, and a job keeps its turn until it is over. */
function auditTurns({ jobs, events }: Facts): readonly string[] {
  const queueOf = new Map(
    jobs.flatMap(({ id, owner, concurrencyKey }) =>
      concurrencyKey === null ? [] : [[id, `${owner}/${concurrencyKey}`]],
    ),
  );
  const turns = new Map<string, string>();
  const faults: string[] = [];
  for (const { jobId, type } of events) {
    const queue = queueOf.get(jobId);
    if (queue === undefined) continue;
    const holder = turns.get(queue);
    if (type === "job.started") {
      if (holder !== undefined && holder !== jobId)
        faults.push(`${jobId} started in the turn of ${holder} (${queue}).`);
      turns.set(queue, jobId);
    } else if (TERMINAL_EVENTS.has(type) && holder === jobId) turns.delete(queue);
  }
  return faults;
}

const TERMINAL_EVENTS = new Set(["job.completed", "job.failed", "job.cancelled"]);

function auditKeys({ keys }: Facts, { keys: answered }: Promises): readonly string[] {
  const stored = keys === undefined ? undefined : new Map(keys.map(({ key, jobId }) => [key, jobId]));
  const faults: string[] = [];
  for (const [key, jobIds] of answered) {
    if (jobIds.size > 1) faults.push(`The key ${key} made several jobs: ${[...jobIds].join(", ")}.`);
    const [jobId] = jobIds;
    if (stored !== undefined && jobId !== undefined && stored.get(key) !== jobId) {
      faults.push(`The key ${key} was answered with ${jobId}, and the store has ${stored.get(key)}.`);
    }
  }
  return faults;
}

/** I9: what was answered or shown is there, and it is the same. */
function auditAnswers(
  { jobs }: Facts,
  promises: Promises,
  eventsOf: ReadonlyMap<string, readonly EventFact[]>,
): readonly string[] {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const faults: string[] = [];
  for (const jobId of promises.accepted) {
    if (!byId.has(jobId)) faults.push(`${jobId} was accepted and is lost (I9).`);
  }
  for (const jobId of promises.cancelled) {
    const status = byId.get(jobId)?.status;
    if (status !== "CANCELLED") faults.push(`${jobId} was answered as cancelled and is ${status} (I6).`);
  }
  for (const jobId of promises.cancelRequested) {
    const status = byId.get(jobId)?.status;
    // A handler that returned before it saw the wish still completes.
    if (status !== "CANCELLED" && status !== "COMPLETED") {
      faults.push(`The cancelling of ${jobId} was promised, and it is ${status} (I4).`);
    }
  }
  for (const { jobId, seq, type, at } of promises.seen) {
    const stored = eventsOf.get(jobId)?.[seq - 1];
    if (stored?.type !== type || new Date(stored.at).toISOString() !== at) {
      faults.push(`A reader was shown ${type} as ${jobId}:${seq}, and there stands ${stored?.type ?? "nothing"} (I9).`);
    }
  }
  for (const [jobId, shown] of promises.finals) {
    const job = byId.get(jobId);
    const stored = finalText(job?.status, job?.result == null ? null : JSON.parse(job.result));
    if (stored !== shown) faults.push(`${jobId} was shown as ${shown}, and is ${stored} (I6).`);
  }
  return faults;
}

/** What must never change once it was shown. */
export function finalText(status: string | undefined, result: unknown): string {
  return `${status} ${JSON.stringify(result)}`;
}
