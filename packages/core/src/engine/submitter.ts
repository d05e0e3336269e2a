// The submitting verbs: one job, a batch, a rerun.
import { type BatchItem, explainIdempotencyKey, isTerminal, LIMITS, type WebhookTarget } from "@meanwhile/protocol";
import { AppError } from "../errors.js";
import { publish } from "../instrument.js";
import type { Job, JobWebhook } from "../job/job.js";
import { readJsonPayload } from "../job/payload.js";
import type { InsertedItem, InsertResult, JobStore, NewJob } from "../store/job-store.js";
import type { TransactionStore, UserTransaction } from "../store/transaction-store.js";
import { claimAtBirth } from "./birth.js";
import type { EngineDependencies } from "./dependencies.js";
import type { Engine, SubmitOptions, Submitted } from "./engine.js";
import { createQueueLimits } from "./queue-limits.js";
import { cannotJoin, jobPurged, keyReused, keyUnfit, notFinished, shuttingDown } from "./refusals.js";
import { type DraftOptions, draftJob, fingerprintOf } from "./submit.js";

export interface Submitter extends Pick<Engine, "submit" | "submitBatch"> {
  rerun(job: Job, options: Omit<SubmitOptions, "fingerprintOf">): Promise<Submitted>;
}

// Printable keys cannot hold it: the keys made for a batch's items never meet a caller's own.
const ITEM_SEPARATOR = "\u001f";

export function createSubmitter(dependencies: EngineDependencies): Submitter {
  const { store, catalog, writer, clock } = dependencies;
  const limits = createQueueLimits({ jobs: store.jobs, clock });
  const findStored: JobStore["find"] = (jobId) => store.jobs.find(jobId);
  const refuse = ({ idempotencyKey, transaction }: Pick<SubmitOptions, "idempotencyKey" | "transaction">) => {
    if (dependencies.isDraining?.() === true) throw shuttingDown();
    // Not every channel has a header's limits of its own.
    const unfit = idempotencyKey === undefined ? undefined : explainIdempotencyKey(idempotencyKey);
    if (unfit !== undefined) throw keyUnfit(unfit);
    if (transaction !== undefined && store.transactions === undefined) throw cannotJoin(store.name);
  };

  const submitOne = async (envelope: unknown, options: DraftOptions): Promise<Submitted> => {
    refuse(options);
    const startedAt = clock.now();
    const drafted = draftJob(dependencies, envelope, options);
    const draft = drafted instanceof Promise ? await drafted : drafted;
    const known = catalog.find(draft.job.type)!.queueLimit === null ? undefined : await admit([draft]);
    if (known !== undefined) return known[0]!;
    const { transaction } = options;
    const submitted = transaction === undefined ? await storeOne(draft) : (await storeIn(transaction, [draft]))[0]!;
    publish("meanwhile:submit", () => facts(submitted, startedAt));
    return submitted;
  };

  /**
   * A full queue is full for new jobs: what was accepted before is answered again.
   *
   * @returns the jobs, where there was no room and all of them are known by their keys.
   * @throws AppError `queue_full`.
   */
  const admit = async (drafts: readonly NewJob[]): Promise<readonly Submitted[] | undefined> => {
    try {
      for (const [type, count] of countByType(drafts)) await limits.admit(catalog.find(type)!, count);
      return undefined;
    } catch (refusal) {
      const known: Submitted[] = [];
      for (const { job, idempotency } of drafts) {
        const holder = idempotency === null ? undefined : await store.jobs.findKeyHolder(job.owner, idempotency.key);
        if (holder === undefined || holder.fingerprint !== idempotency?.fingerprint) throw refusal;
        known.push(await replay({ outcome: "exists", jobId: holder.jobId }));
      }
      return known;
    }
  };

  const storeOne = async (draft: NewJob): Promise<Submitted> => {
    const places = dependencies.birthPlaces;
    const birth = places === undefined ? undefined : claimAtBirth(draft, places, clock.now());
    let created = false;
    try {
      const result = await writer.insert([birth?.newJob ?? draft]);
      if (result.outcome !== "stored") throw refusedKey(result, [draft]);
      const item = result.items[0]!;
      created = item.outcome === "created";
      if (!created) return await replay(item);
    } finally {
      if (!created) birth?.place.release();
      else birth?.place.begin(birth.job);
    }
    // The snapshot behind `job.submitted`, even where the job was stored with its first lease: whoever follows from it
    // misses nothing, and "accepted" looks the same on a busy and on an idle server.
    return { job: draft.job, replayed: false };
  };

  /** Nothing is hinted at, nor claimed at birth: the jobs are there when the caller commits, and the store says so then. */
  const storeIn = async (transaction: UserTransaction, drafts: readonly NewJob[]): Promise<readonly Submitted[]> => {
    const transactions = store.transactions as TransactionStore;
    const waiting = drafts.map(withoutTurn);
    const result = await transactions.insertInto(transaction, waiting);
    return answer(result, waiting, (jobId) => transactions.findIn(transaction, jobId));
  };

  const answer = async (
    result: InsertResult,
    drafts: readonly NewJob[],
    find = findStored,
  ): Promise<readonly Submitted[]> => {
    if (result.outcome !== "stored") throw refusedKey(result, drafts);
    const submitted: Submitted[] = [];
    for (let index = 0; index < drafts.length; index++) {
      const item = result.items[index]!;
      submitted.push(
        item.outcome === "exists" ? await replay(item, find) : { job: drafts[index]!.job, replayed: false },
      );
    }
    return submitted;
  };

  const replay = async (item: InsertedItem, find = findStored): Promise<Submitted> => {
    const job = await find(item.jobId);
    // Past its `purgeAt` it is gone, whether or not the chore has come by yet.
    if (job === undefined || (job.purgeAt !== null && job.purgeAt <= clock.now())) throw jobPurged(item.jobId);
    return { job, replayed: true };
  };

  const facts = ({ job, replayed }: Submitted, startedAt: number) => ({
    jobId: job.id,
    type: job.type,
    owner: job.owner,
    replayed,
    durationMs: clock.now() - startedAt,
  });

  return {
    // Member by member: spreading options that were spread together themselves costs more than all the rest of a submit.
    submit: (envelope, { principal, idempotencyKey, fingerprintOf: request, origin, transaction }) =>
      submitOne(envelope, {
        principal,
        idempotencyKey,
        fingerprintOf: request,
        origin,
        transaction,
        pointer: "#",
        batch: false,
      }),
    async submitBatch(items, options) {
      refuse(options);
      const startedAt = clock.now();
      const drafts = await draftBatch(dependencies, items, options);
      const known = await admit(drafts);
      if (known !== undefined) return known;
      const { transaction } = options;
      const submitted =
        transaction === undefined
          ? await answer(await writer.insert(drafts), drafts)
          : await storeIn(transaction, drafts);
      for (const one of submitted) publish("meanwhile:submit", () => facts(one, startedAt));
      return submitted;
    },
    async rerun(job, options) {
      if (!isTerminal(job.status)) throw notFinished(job, "Only a finished job can be run again.");
      const envelope: BatchItem = {
        type: job.type,
        parameters: readJsonPayload(job.parameters),
        ...(job.priority === 0 ? {} : { priority: job.priority }),
        ...(job.callbackId === null ? {} : { callbackId: job.callbackId }),
        ...(job.tags.length === 0 ? {} : { tags: job.tags }),
        ...(job.concurrencyKey === null ? {} : { concurrencyKey: job.concurrencyKey }),
        // Whoever was told of the first outcome is waiting for this one too.
        ...(job.webhook === null ? {} : { webhook: toWebhookTarget(job.webhook) }),
        retentionMs: job.retentionMs,
      };
      return submitOne(envelope, {
        ...options,
        pointer: "#",
        batch: false,
        rerunOf: job.id,
        fingerprintOf: { rerunOf: job.id },
      });
    },
  };
}

async function draftBatch(
  dependencies: EngineDependencies,
  items: unknown,
  options: Omit<SubmitOptions, "fingerprintOf">,
): Promise<readonly NewJob[]> {
  if (!Array.isArray(items) || items.length === 0 || items.length > LIMITS.batchJobs) {
    const got = Array.isArray(items) ? `${items.length}` : "no list";
    throw new AppError("invalid_parameters", {
      message: `A batch holds 1 to ${LIMITS.batchJobs} jobs; got ${got}.`,
      faults: [{ pointer: "#/jobs", detail: `Expected a list of 1 to ${LIMITS.batchJobs} jobs, got ${got}.` }],
    });
  }
  const { idempotencyKey: batchKey, ...common } = options;
  // The key of the whole batch makes one for each item; all share the fingerprint of the whole.
  const whole = batchKey === undefined ? undefined : { jobs: items };
  const shared = whole === undefined ? undefined : fingerprintOf(whole);
  const drafts: NewJob[] = [];
  for (let index = 0; index < items.length; index++) {
    const ownKey = batchKey === undefined ? {} : { idempotencyKey: `${batchKey}${ITEM_SEPARATOR}${index}` };
    const draft = await draftJob(dependencies, items[index], {
      ...common,
      ...ownKey,
      pointer: `#/jobs/${index}`,
      batch: true,
    });
    const derived = shared !== undefined && (items[index] as BatchItem).idempotencyKey === undefined;
    drafts.push(derived ? { ...draft, idempotency: { key: draft.idempotency!.key, fingerprint: shared } } : draft);
  }
  return drafts;
}

/**
 * Whoever joins a queue of a `concurrencyKey` holds its lock until the commit, and everybody of that key waits. The caller's transaction
 * may be long: the job joins behind it, as one whose delay is over.
 */
function withoutTurn(draft: NewJob): NewJob {
  const { job } = draft;
  return job.concurrencyKey === null ? draft : { ...draft, job: { ...job, readiness: "delayed" } };
}

function toWebhookTarget({ url, events, secret }: JobWebhook): WebhookTarget {
  return { url, events, ...(secret === null ? {} : { secret }) };
}

function countByType(drafts: readonly NewJob[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { job } of drafts) counts.set(job.type, (counts.get(job.type) ?? 0) + 1);
  return counts;
}

function refusedKey(
  refusal: { outcome: "key_reused" | "purged"; index: number; jobId: string },
  drafts: readonly NewJob[],
): AppError {
  if (refusal.outcome === "purged") return jobPurged(refusal.jobId);
  const [key = ""] = (drafts[refusal.index]?.idempotency?.key ?? "").split(ITEM_SEPARATOR);
  return keyReused(key, refusal.jobId);
}
