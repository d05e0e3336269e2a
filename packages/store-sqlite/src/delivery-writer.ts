// Queues the deliveries of events in the transaction that commits these (invariant I1).
//
// Most events are wanted by nobody: one look per kind of event tells so, and nothing else is read.
import {
  type Job,
  type JobWebhook,
  type NewEvent,
  newDeliveries,
  type Target,
  targetOfEndpoint,
  targetOfJob,
} from "@meanwhile/core";
import type { JobEventType } from "@meanwhile/protocol";
import type { Connection } from "./connection.js";
import { fromNewDelivery } from "./delivery-rows.js";
import { toJob } from "./rows.js";
import { deleteJobWebhook } from "./statements/delete-job-webhook.js";
import { findInterest } from "./statements/find-interest.js";
import { insertDelivery } from "./statements/insert-delivery.js";
import { insertDeliveryBody } from "./statements/insert-delivery-body.js";
import { insertJobWebhook } from "./statements/insert-job-webhook.js";
import { isLineTaken } from "./statements/is-line-taken.js";
import { matchEndpoints } from "./statements/match-endpoints.js";
import { matchJobWebhooks } from "./statements/match-job-webhooks.js";
import { raiseLane } from "./statements/raise-lane.js";
import { readJobsByNumber } from "./statements/read-jobs-by-number.js";

/** An event of several jobs, as the event writer appends it. */
export interface AppendedRun {
  readonly event: NewEvent;
  readonly seq: number;
  /** Their numbers. */
  readonly jobs: readonly number[];
}

export interface DeliveryWriter {
  /** A new job names its target. Only inside a write. */
  addWebhook(job: number, webhook: JobWebhook): void;
  /** The job is erased. Only inside a write. */
  removeWebhook(job: number): void;
  /** Queues what these events cause. Only inside a write, behind all changes of their jobs. */
  queue(runs: readonly AppendedRun[]): void;
  /** The write has committed: whoever listens is told, where it queued anything. */
  committed(): void;
  /** Tells whoever listens that deliveries were queued. */
  hint(): void;
  configure(options: { linkBase: string; feeds?: readonly string[] }): void;
  onQueued(listener: () => void): () => void;
}

/** An event of one job, and who wants it. */
interface Entry {
  readonly event: NewEvent;
  readonly seq: number;
  readonly job: number;
  readonly targets: Target[];
}

export function createDeliveryWriter(connection: Connection): DeliveryWriter {
  const interest = connection.query(findInterest);
  const ofEndpoints = connection.query(matchEndpoints);
  const ofJobs = connection.query(matchJobWebhooks);
  const jobsByNumber = connection.query(readJobsByNumber);
  const lineTaken = connection.query(isLineTaken);
  const insert = connection.query(insertDelivery);
  const insertBody = connection.query(insertDeliveryBody);
  const raise = connection.query(raiseLane);
  const insertWebhook = connection.query(insertJobWebhook);
  const deleteWebhook = connection.query(deleteJobWebhook);
  const listeners = new Set<() => void>();
  let making = { linkBase: "", feeds: [] as readonly string[] };
  let queued = false;

  /** The entries of one kind of event, each with its targets; empty where nobody wants that kind. */
  const match = (type: JobEventType, runs: readonly AppendedRun[]): readonly Entry[] => {
    const [byEndpoints, byJobs] = interest.find([type])!;
    const isFed = making.feeds.length > 0;
    if (byEndpoints === 0 && byJobs === 0 && !isFed) return [];
    const entries = runs.flatMap(({ event, seq, jobs }) =>
      event.type === type ? jobs.map((job): Entry => ({ event, seq, job, targets: [] })) : [],
    );
    const numbers = `[${entries.map(({ job }) => job).join()}]`;
    if (byJobs === 1) {
      for (const [index, url, secret] of ofJobs.list([numbers, type])) {
        entries[index]!.targets.push(targetOfJob({ url, secret }));
      }
    }
    if (byEndpoints === 1) {
      for (const [index, id, channel, url] of ofEndpoints.list([numbers, type])) {
        entries[index]!.targets.push(targetOfEndpoint({ id, channel, url }));
      }
    }
    return isFed ? entries : entries.filter(({ targets }) => targets.length > 0);
  };

  const readJobs = (entries: readonly Entry[]): ReadonlyMap<number, Job> => {
    const numbers = [...new Set(entries.map(({ job }) => job))];
    return new Map(jobsByNumber.list([`[${numbers.join()}]`]).map((row) => [row[0], toJob(row)]));
  };

  const store = (entries: readonly Entry[]): void => {
    const jobs = readJobs(entries);
    const lanes = new Map<string, { readonly channel: string; readonly owner: string; readonly dueAt: number }>();
    for (const { event, seq, job: number, targets } of entries) {
      const job = jobs.get(number)!;
      const stored = { ...event, jobId: job.id, seq };
      for (const delivery of newDeliveries(targets, { job, event: stored }, making)) {
        const isHead = lineTaken.find([delivery.line]) === undefined;
        const { lastInsertRowid } = insert.run(fromNewDelivery(delivery, { isHead }));
        insertBody.run([Number(lastInsertRowid), delivery.body]);
        const { lane, channel, owner, createdAt } = delivery;
        const dueAt = Math.min(lanes.get(lane)?.dueAt ?? createdAt, createdAt);
        if (isHead) lanes.set(lane, { channel, owner, dueAt });
      }
    }
    for (const [lane, { channel, owner, dueAt }] of lanes) raise.run([lane, channel, owner, dueAt]);
  };

  const hint = (): void => {
    for (const listener of listeners) listener();
  };

  return {
    addWebhook: (job, { url, events, secret }) => void insertWebhook.run([job, url, JSON.stringify(events), secret]),
    removeWebhook: (job) => void deleteWebhook.run([job]),
    queue(runs) {
      queued = false;
      const types = new Set(runs.map(({ event }) => event.type));
      const entries = [...types].flatMap((type) => match(type, runs));
      if (entries.length === 0) return;
      // In the order of the log, however many kinds of events there were.
      const places = new Map(runs.map((run, index) => [run.event, index] as const));
      store(types.size === 1 ? entries : entries.sort((a, b) => places.get(a.event)! - places.get(b.event)!));
      queued = true;
    },
    committed() {
      if (!queued) return;
      queued = false;
      hint();
    },
    hint,
    configure(options) {
      making = { linkBase: options.linkBase, feeds: options.feeds ?? [] };
    },
    onQueued(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
