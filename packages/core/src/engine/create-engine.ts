// The engine: binds the verbs to the store, the writer and the log. It delegates and decides nothing.
import { isTerminal } from "@meanwhile/protocol";
import { createWebhookVerbs } from "../delivery/webhook-verbs.js";
import { toJobEvent } from "../event/event.js";
import { iterate } from "../event/follow.js";
import type { LogItem } from "../event/log-page.js";
import { createLogTail } from "../event/log-tail.js";
import { createTails } from "../event/tails.js";
import { isUuid } from "../ids.js";
import type { Job, JobId } from "../job/job.js";
import { hasScope, maySee } from "../principal/principal.js";
import { MIN_TOMBSTONE_MS } from "../retention.js";
import { cancelJob } from "./cancel.js";
import type { EngineDependencies } from "./dependencies.js";
import type { Access, Engine } from "./engine.js";
import { jobNotFound, jobPurged, missingScope, notFinished } from "./refusals.js";
import { createSubmitter } from "./submitter.js";
import { waitForJob } from "./wait.js";

/** Positions beyond this are not counted. */
const FURTHEST_POSITION = 1_000;

export function createEngine(dependencies: EngineDependencies): Engine {
  const { store, wakeups, files, clock } = dependencies;
  const submitter = createSubmitter(dependencies);
  const tails = createTails({ store, wakeups });
  const logTail = createLogTail({ store, wakeups, clock });

  const get = async (jobId: JobId, { principal }: Access): Promise<Job> => {
    if (!hasScope(principal, "jobs:read")) throw missingScope("jobs:read");
    return findVisible(jobId, { principal });
  };

  const findVisible = async (jobId: JobId, { principal }: Access): Promise<Job> => {
    const job = isUuid(jobId) ? await store.jobs.find(jobId) : undefined;
    if (job !== undefined) {
      if (!maySee(principal, job.owner)) throw jobNotFound(jobId);
      // From `purgeAt` on it is gone, whether or not the chore has come by yet.
      if (job.purgeAt !== null && job.purgeAt <= clock.now()) throw jobPurged(jobId);
      return job;
    }
    const tombstone = isUuid(jobId) ? await store.jobs.findTombstone(jobId) : undefined;
    if (tombstone !== undefined && maySee(principal, tombstone.owner)) throw jobPurged(jobId);
    throw jobNotFound(jobId);
  };

  return {
    webhooks: createWebhookVerbs(dependencies),
    submit: submitter.submit,
    submitBatch: submitter.submitBatch,
    get,
    async list(query, { principal }) {
      if (!hasScope(principal, "jobs:read")) throw missingScope("jobs:read");
      const own = hasScope(principal, "jobs:admin") ? {} : { owner: principal.owner };
      const page = await store.jobs.list({ ...query, ...own });
      const now = clock.now();
      return { ...page, items: page.items.filter((job) => job.purgeAt === null || job.purgeAt > now) };
    },
    async queuePosition(job) {
      if (job.status !== "PENDING" || job.readiness !== "ready") return null;
      const ahead = await store.jobs.countAhead(job.id, { limit: FURTHEST_POSITION });
      return ahead === undefined || ahead >= FURTHEST_POSITION ? null : ahead + 1;
    },
    wait: (jobId, { principal, ...options }) =>
      waitForJob({ wakeups, clock }, jobId, { ...options, read: () => get(jobId, { principal }) }),
    async cancel(jobId, { principal }) {
      if (!hasScope(principal, "jobs:cancel")) throw missingScope("jobs:cancel");
      return cancelJob(dependencies, await findVisible(jobId, { principal }), principal.name);
    },
    async rerun(jobId, options) {
      return submitter.rerun(await get(jobId, options), options);
    },
    async purge(jobId, { principal }) {
      if (!hasScope(principal, "jobs:cancel")) throw missingScope("jobs:cancel");
      const job = await findVisible(jobId, { principal });
      if (!isTerminal(job.status)) throw notFinished(job, "Cancel it first, or wait until it has finished.");
      const fileIds = await store.files.linkedTo(jobId);
      await store.jobs.purge([jobId], { minTombstoneMs: MIN_TOMBSTONE_MS });
      await files.eraseUnlinked(fileIds);
      wakeups.jobEnded(jobId, Number.POSITIVE_INFINITY);
    },
    async events(jobId, { after, limit, ...access }) {
      const job = await get(jobId, access);
      const stored = await store.events.read(jobId, { after, limit });
      const last = stored.at(-1);
      // An event may be newer than the row that was read first.
      const subject = last !== undefined && last.seq > job.lastSeq ? await get(jobId, access) : job;
      const end = last?.seq ?? after;
      return {
        events: stored.map((event) => toJobEvent(event, subject)),
        ended: isTerminal(subject.status) && end >= subject.lastSeq,
      };
    },
    async *follow(jobId, { principal, after = 0, signal }) {
      const job = await get(jobId, { principal });
      yield* iterate((reader) => tails.subscribe(job, { after, reader }), signal);
    },
    subscribe: tails.subscribe,
    async *followAll({ signal, ...options }) {
      yield* iterate<LogItem>((reader) => logTail.subscribe({ ...options, reader }), signal);
    },
    subscribeAll: logTail.subscribe,
    async logs(jobId, { principal, ...options }) {
      if (!hasScope(principal, "jobs:logs")) throw missingScope("jobs:logs");
      await findVisible(jobId, { principal });
      return store.logs.read(jobId, options);
    },
  };
}
