// Queues the deliveries of events in the transaction that commits these (invariant I1).
//
// Most events are wanted by nobody: one look tells so, and nothing else is read.
import { type Job, type NewDelivery, newDeliveries, type Target, targetOfEndpoint, targetOfJob } from "@meanwhile/core";
import type { JobEventType } from "@meanwhile/protocol";
import { columnsOf } from "./columns.js";
import type { Transaction } from "./database.js";
import { fromNewDelivery } from "./delivery-rows.js";
import type { AppendedEvent } from "./event-writer.js";
import { toJob } from "./rows.js";
import { findInterest } from "./statements/find-interest.js";
import { insertDeliveries } from "./statements/insert-deliveries.js";
import { insertDeliveryBodies } from "./statements/insert-delivery-bodies.js";
import { lockLines } from "./statements/lock-lines.js";
import { matchEndpoints } from "./statements/match-endpoints.js";
import { matchJobWebhooks } from "./statements/match-job-webhooks.js";
import { noteRaisedLanes } from "./statements/note-raised-lanes.js";
import { readJobsByNumber } from "./statements/read-jobs-by-number.js";

export type Interest = readonly (readonly [event: string, ofEndpoints: boolean, ofJobs: boolean])[];

export interface DeliveryWriter {
  /** Which of these kinds of events anybody wants. */
  interestIn(transaction: Transaction, types: readonly JobEventType[]): Promise<Interest>;
  /** Queues what these events cause, behind all changes of their jobs. @returns whether that was anything. */
  queue(transaction: Transaction, events: readonly AppendedEvent[], interest: Interest): Promise<boolean>;
  /** Whether `queue` would look at any of these events. */
  isWanted(interest: Interest): boolean;
  /** Tells whoever listens that deliveries were queued. */
  hint(): void;
  configure(options: { linkBase: string; feeds?: readonly string[] }): void;
  onQueued(listener: () => void): () => void;
}

/** An event of one job, and who wants it. */
interface Entry extends AppendedEvent {
  readonly targets: Target[];
}

const DELIVERY_COLUMNS = 16;

export function createDeliveryWriter(): DeliveryWriter {
  const listeners = new Set<() => void>();
  let making = { linkBase: "", feeds: [] as readonly string[] };

  const store = async (transaction: Transaction, entries: readonly Entry[]): Promise<void> => {
    const jobs = await readJobs(transaction, entries);
    const wanted = entries.flatMap(({ event, seq, job: number, targets }) => {
      const job = jobs.get(number)!;
      const stored = { ...event, jobId: job.id, seq };
      return newDeliveries(targets, { job, event: stored }, making);
    });
    const lines = [...new Set(wanted.map(({ line }) => line))];
    // The lock decides between two who meet: whoever finishes the head of a line sees what was put behind it, or this sees it gone.
    const taken = new Set((await transaction.list(lockLines, [lines])).map(([line]) => line));
    const isHead = new Map<NewDelivery, boolean>();
    for (const delivery of wanted) {
      isHead.set(delivery, !taken.has(delivery.line));
      taken.add(delivery.line);
    }
    const rows = wanted.map((delivery) => fromNewDelivery(delivery, { isHead: isHead.get(delivery)! }));
    const numbers = new Map(
      (await transaction.list(insertDeliveries, columnsOf(rows, DELIVERY_COLUMNS))).map(([number, id]) => [id, number]),
    );
    const bodies = wanted.map(({ id, body }) => [numbers.get(id)!, body]);
    await Promise.all([
      transaction.run(insertDeliveryBodies, columnsOf(bodies, 2)),
      raise(
        transaction,
        wanted.filter((delivery) => isHead.get(delivery)),
      ),
    ]);
  };

  return {
    interestIn: (transaction, types) => transaction.list(findInterest, [types]),

    isWanted: (interest) =>
      making.feeds.length > 0 || interest.some(([, ofEndpoints, ofJobs]) => ofEndpoints || ofJobs),

    async queue(transaction, events, interest) {
      const entries: Entry[] = [];
      if (events.length === 0) return false;
      for (const [type, ofEndpoints, ofJobs] of interest) {
        if (!ofEndpoints && !ofJobs && making.feeds.length === 0) continue;
        const ofType = events.filter(({ event }) => event.type === type);
        const matched = await match(transaction, ofType, { type: type as JobEventType, ofEndpoints, ofJobs });
        entries.push(...(making.feeds.length > 0 ? matched : matched.filter(({ targets }) => targets.length > 0)));
      }
      if (entries.length === 0) return false;
      // In the order of the log, however many kinds of events there were.
      const places = new Map(events.map(({ job, seq }, index) => [`${job} ${seq}`, index]));
      const placeOf = ({ job, seq }: Entry): number => places.get(`${job} ${seq}`)!;
      await store(
        transaction,
        entries.sort((a, b) => placeOf(a) - placeOf(b)),
      );
      return true;
    },

    hint() {
      for (const listener of listeners) listener();
    },
    configure(options) {
      making = { linkBase: options.linkBase, feeds: options.feeds ?? [] };
    },
    onQueued(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

async function match(
  transaction: Transaction,
  events: readonly AppendedEvent[],
  { type, ofEndpoints, ofJobs }: { type: JobEventType; ofEndpoints: boolean; ofJobs: boolean },
): Promise<readonly Entry[]> {
  const entries = events.map((event): Entry => ({ ...event, targets: [] }));
  const numbers = entries.map(({ job }) => job);
  if (ofJobs) {
    for (const [index, url, secret] of await transaction.list(matchJobWebhooks, [numbers, type])) {
      entries[index]!.targets.push(targetOfJob({ url, secret }));
    }
  }
  if (ofEndpoints) {
    for (const [index, id, channel, url] of await transaction.list(matchEndpoints, [numbers, type])) {
      entries[index]!.targets.push(targetOfEndpoint({ id, channel, url }));
    }
  }
  return entries;
}

async function readJobs(transaction: Transaction, entries: readonly Entry[]): Promise<ReadonlyMap<number, Job>> {
  const numbers = [...new Set(entries.map(({ job }) => job))];
  return new Map((await transaction.list(readJobsByNumber, [numbers])).map((row) => [row[0], toJob(row)]));
}

async function raise(transaction: Transaction, heads: readonly NewDelivery[]): Promise<void> {
  const lanes = new Map<string, readonly [lane: string, channel: string, owner: string, dueAt: number]>();
  for (const { lane, channel, owner, createdAt } of heads) {
    lanes.set(lane, [lane, channel, owner, Math.min(lanes.get(lane)?.[3] ?? createdAt, createdAt)]);
  }
  if (lanes.size === 0) return;
  await transaction.run(noteRaisedLanes, columnsOf([...lanes.values()], 4) as [string[], string[], string[], number[]]);
}
