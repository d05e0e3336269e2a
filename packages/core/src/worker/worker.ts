// The worker: claims jobs for the free slots of its pools, runs them, settles them.
//
// 1. One claim is under way at a time; it asks for every type that has room and is not known to be empty.
// 2. A slot is free again when its handler has ended; settling goes on beside it, together with its neighbours'.
// 3. Every lease this process holds is in `held`, from the claim until it is settled, and is kept alive there.
// 4. A hint between "found nothing" and "known to be empty" is kept (Pool.hinted).
import type { Writer } from "../batch/writer.js";
import type { Clock, Random } from "../clock.js";
import type { Catalog } from "../definition/catalog.js";
import type { BirthPlaces } from "../engine/birth.js";
import { ConfigurationError } from "../errors.js";
import type { Wakeups } from "../event/wakeups.js";
import type { Files } from "../files/files.js";
import type { IdSource } from "../ids.js";
import { publish } from "../instrument.js";
import type { ClaimedJob, JobId } from "../job/job.js";
import { isRefusal, transition } from "../job/transitions.js";
import type { Logger } from "../logger.js";
import type { Store } from "../store/store.js";
import { Attempt, type AttemptDependencies } from "./attempt.js";
import { handBack } from "./hand-back.js";
import { createHeartbeat } from "./heartbeat.js";
import { createJobLogs } from "./job-logs.js";
import { resolveWorkerOptions, type WorkerOptions } from "./options.js";
import type { Outcome } from "./outcome.js";
import { Pool } from "./pool.js";
import { settle } from "./settle.js";

export interface WorkerDependencies {
  store: Store;
  catalog: Catalog;
  writer: Writer;
  wakeups: Wakeups;
  files: Files;
  clock: Clock;
  random: Random;
  ids: IdSource;
  logger: Logger;
}

export interface Worker {
  readonly workerId: string;
  /** Slots for jobs that are stored already leased to this worker. */
  readonly birthPlaces: BirthPlaces;
  start(): void;
  /** Claims no more, waits up to `graceMs` for the running attempts, hands the rest back at once. May be called twice. */
  stop(options: { graceMs: number }): Promise<void>;
  /** Claims once what there is room for and resolves when all of it is settled. @returns how many jobs that were. */
  runOnce(): Promise<number>;
}

/** Leases held at once, whatever the pools would allow: each is renewed with every heartbeat. */
const MOST_HELD = 5_000;
/** What was claimed ahead and has not begun by then is handed back. */
const BEGIN_WITHIN_MS = 1_000;
/** Looking for cancel wishes of other processes costs a statement: not more often than this. */
const LOOK_FOR_WISHES_EVERY_MS = 200;

export function createWorker(dependencies: WorkerDependencies, options: WorkerOptions = {}): Worker {
  const resolved = resolveWorkerOptions(options);
  return new PooledWorker(dependencies, resolved);
}

/** A lease of this process: waiting in a buffer, running, or being settled. */
interface Held {
  readonly job: ClaimedJob;
  attempt: Attempt | undefined;
}

class PooledWorker implements Worker {
  readonly workerId: string;
  readonly #dependencies: WorkerDependencies;
  readonly #options: ReturnType<typeof resolveWorkerOptions>;
  readonly #pools = new Map<string, Pool>();
  readonly #held = new Map<JobId, Held>();
  readonly #attemptDependencies: AttemptDependencies;
  readonly #heartbeat;
  #state: "idle" | "running" | "stopping" | "stopped" = "idle";
  #pumping: Promise<void> | undefined;
  #claimAgain = false;
  /** A pool would have taken more, but the process as a whole had no room. */
  #starved = false;
  #running = 0;
  /** Slots kept for jobs that are being stored already leased. */
  #reserved = 0;
  #fresh: Attempt[] = [];
  #lookedForWishesAt = 0;
  #endings: (() => void)[] = [];
  #waitingForEmpty: (() => void)[] = [];

  constructor(dependencies: WorkerDependencies, options: ReturnType<typeof resolveWorkerOptions>) {
    const { store, catalog, writer, files, clock, logger, ids } = dependencies;
    this.#dependencies = dependencies;
    this.#options = options;
    this.workerId = ids.uuid();
    for (const definition of catalog.definitions) {
      if (options.types?.includes(definition.type) ?? true) this.#pools.set(definition.type, new Pool(definition));
    }
    for (const type of options.types ?? []) {
      if (!this.#pools.has(type))
        throw new ConfigurationError(`worker.types names "${type}", but there is no such job type.`);
    }
    this.#attemptDependencies = {
      writer,
      clock,
      logger,
      files,
      fileRecords: store.files,
      logs: createJobLogs({ logs: store.logs, clock, logger }),
      abortGraceMs: options.abortGraceMs,
      progressEveryMs: options.progressEveryMs,
    };
    this.#heartbeat = createHeartbeat({
      jobs: store.jobs,
      clock,
      logger,
      leaseMs: options.leaseMs,
      held: () => [...this.#held.values()].map(({ job }) => ({ jobId: job.id, leaseToken: job.lease.token })),
      onResult: ({ jobId, leaseToken }, result) => {
        const held = this.#held.get(jobId);
        if (held?.job.lease.token !== leaseToken) return;
        if (result.outcome === "lost") this.#lose(held);
        else if (result.cancelRequestedBy !== null) this.#cancel(held, result.cancelRequestedBy);
      },
    });
  }

  readonly birthPlaces: BirthPlaces = (type) => {
    const pool = this.#pools.get(type);
    if (pool === undefined || this.#state !== "running") return undefined;
    if (!pool.seenEmpty || pool.buffered > 0 || pool.freeSlots <= 0 || this.#room() <= 0) return undefined;
    pool.reserved++;
    this.#reserved++;
    const leave = () => {
      pool.reserved--;
      this.#reserved--;
    };
    return {
      workerId: this.workerId,
      leaseToken: this.#dependencies.ids.token(),
      leaseMs: this.#options.leaseMs,
      begin: (job) => {
        leave();
        const held: Held = { job, attempt: undefined };
        this.#held.set(job.id, held);
        if (this.#state === "running") this.#begin(pool, held);
        else void this.#giveBack(held);
      },
      release: () => {
        leave();
        this.#noteEmpty();
        this.#pump();
      },
    };
  };

  start(): void {
    if (this.#state !== "idle") return;
    this.#state = "running";
    const { wakeups } = this.#dependencies;
    this.#heartbeat.start();
    this.#endings = [
      wakeups.onWork((type) => this.#hint(type)),
      wakeups.onCancel((jobId) => void this.#learnWish(jobId)),
      wakeups.onForeignCommit(() => {
        this.#hint(undefined);
        void this.#lookForWishes();
      }),
    ];
    this.#poll();
    this.#pump();
  }

  async stop({ graceMs }: { graceMs: number }): Promise<void> {
    if (this.#state === "stopped") return;
    if (this.#state === "stopping") return this.#emptied();
    this.#state = "stopping";
    for (const end of this.#endings) end();
    // A claim under way still brings jobs: they are given back with the others.
    await this.#pumping;
    for (const pool of this.#pools.values()) {
      for (let job = pool.shift(); job !== undefined; job = pool.shift()) void this.#giveBack(this.#held.get(job.id)!);
    }
    const { clock } = this.#dependencies;
    const cancelTimer = clock.after(graceMs, () => {
      for (const { attempt } of this.#held.values()) attempt?.abort("stopping");
    });
    await this.#emptied();
    cancelTimer();
    this.#heartbeat.stop();
    this.#state = "stopped";
  }

  async runOnce(): Promise<number> {
    const before = this.#state;
    if (before === "idle") this.#state = "running";
    for (const pool of this.#pools.values()) pool.hint();
    const count = await this.#claimOnce();
    await this.#emptied();
    if (before === "idle") this.#state = "idle";
    return count;
  }

  #poll(): void {
    const { clock } = this.#dependencies;
    const cancel = clock.after(this.#options.pollEveryMs, () => {
      this.#hint(undefined);
      this.#handBackLate();
      this.#poll();
    });
    this.#endings[POLL_SLOT] = cancel;
  }

  #hint(type: string | undefined): void {
    if (type === undefined) for (const pool of this.#pools.values()) pool.hint();
    else this.#pools.get(type)?.hint();
    this.#pump();
  }

  #room(): number {
    return Math.min(this.#options.concurrency - this.#running, MOST_HELD - this.#held.size);
  }

  #pump(): void {
    if (this.#pumping !== undefined) this.#claimAgain = true;
    else if (this.#state === "running") {
      this.#pumping = this.#claimWhileThereIs().finally(() => {
        this.#pumping = undefined;
      });
    }
  }

  async #claimWhileThereIs(): Promise<void> {
    try {
      do {
        this.#claimAgain = false;
        if ((await this.#claimOnce()) === 0) continue;
        // One claim per turn of the event loop: what has ended meanwhile is settled before more is begun.
        this.#claimAgain = true;
        await new Promise<void>((resolve) => this.#dependencies.clock.nextTurn(resolve));
      } while (this.#claimAgain && this.#state === "running");
    } catch (error) {
      this.#dependencies.logger.warn({ err: error }, "claiming failed; it is tried again");
    }
  }

  async #claimOnce(): Promise<number> {
    const { store, ids, clock } = this.#dependencies;
    const asked: Pool[] = [];
    const types: { type: string; limit: number }[] = [];
    const room = this.#room();
    for (const pool of this.#pools.values()) {
      const wanted = pool.seenEmpty ? 0 : pool.claimLimit;
      if (wanted > room) this.#starved = true;
      const limit = Math.min(wanted, room);
      if (limit <= 0) continue;
      pool.hinted = false;
      asked.push(pool);
      types.push({ type: pool.definition.type, limit });
    }
    if (types.length === 0) return 0;
    const startedAt = clock.now();
    const { leaseMs } = this.#options;
    const jobs = await store.jobs.claim({ workerId: this.workerId, leaseToken: ids.token(), leaseMs, types });
    publish("meanwhile:claim", () => ({
      workerId: this.workerId,
      count: jobs.length,
      durationMs: clock.now() - startedAt,
    }));
    this.#take(jobs, asked, types);
    return jobs.length;
  }

  #take(jobs: readonly ClaimedJob[], asked: readonly Pool[], types: readonly { limit: number }[]): void {
    const { wakeups } = this.#dependencies;
    for (const job of jobs) {
      this.#held.set(job.id, { job, attempt: undefined });
      wakeups.jobMoved(job.id, job.lastSeq);
    }
    for (let index = 0; index < asked.length; index++) {
      const pool = asked[index]!;
      const own =
        jobs.length === 0 || asked.length === 1 ? jobs : jobs.filter((job) => job.type === pool.definition.type);
      if (own.length < types[index]!.limit) pool.seenEmpty = !pool.hinted;
      pool.push(own);
      this.#fill(pool);
    }
  }

  /** Starts as many buffered jobs as there are slots. */
  #fill(pool: Pool): void {
    while (this.#state === "running" && pool.freeSlots > 0 && this.#running < this.#options.concurrency) {
      const job = pool.shift();
      if (job === undefined) return;
      this.#begin(pool, this.#held.get(job.id)!);
    }
  }

  #begin(pool: Pool, held: Held): void {
    const { clock } = this.#dependencies;
    const attempt = new Attempt(held.job, pool.definition, this.#attemptDependencies);
    held.attempt = attempt;
    pool.running++;
    this.#running++;
    const { id: jobId, type, attempt: number, runAt } = held.job;
    publish("meanwhile:start", () => ({
      jobId,
      type,
      attempt: number,
      waitedMs: Math.max(0, attempt.startedAt - runAt),
    }));
    // A cancel wish may be older than the claim: a retry that was cancelled in between is never started for nothing.
    if (held.job.cancelRequestedBy !== null) attempt.abort("cancelled");
    this.#watchTimeSoon(attempt);
    attempt.run((outcome) => {
      pool.running--;
      this.#running--;
      pool.observe(clock.now() - attempt.startedAt);
      this.#settle(held, attempt, outcome);
      // Where the process as a whole is bounded, another pool may have waited for this slot.
      if (Number.isFinite(this.#options.concurrency)) for (const other of this.#pools.values()) this.#fill(other);
      else this.#fill(pool);
      if (!pool.seenEmpty && pool.claimLimit > 0) this.#pump();
    });
  }

  /** Timers are set once per turn, for those attempts that are still running then. */
  #watchTimeSoon(attempt: Attempt): void {
    if (this.#fresh.push(attempt) > 1) return;
    this.#dependencies.clock.nextTurn(() => {
      const fresh = this.#fresh;
      this.#fresh = [];
      for (const one of fresh) if (this.#held.get(one.claimed.id)?.attempt === one) one.watchTime();
    });
  }

  /** Most attempts have nothing but their result to store: one change, without a promise. All else goes step by step. */
  #settle(held: Held, attempt: Attempt, outcome: Outcome): void {
    const { clock, writer } = this.#dependencies;
    const endedAt = clock.now();
    if (outcome.kind !== "completed" || !attempt.isPlain)
      return void this.#settleInSteps(held, { attempt, outcome, endedAt });
    const { claimed } = attempt;
    const decision = transition(
      claimed,
      { kind: "complete", leaseToken: claimed.lease.token, result: outcome.result },
      endedAt,
    );
    if (isRefusal(decision)) return void this.#settleInSteps(held, { attempt, outcome, endedAt });
    writer.enqueue(decision, claimed.type, (written) => {
      const committed = "result" in written && written.result.outcome === "committed";
      if (!committed) return void this.#settleInSteps(held, { attempt, outcome, endedAt });
      this.#publishSettled(attempt, outcome, endedAt);
      this.#release(held);
    });
  }

  async #settleInSteps(
    held: Held,
    { attempt, outcome, endedAt }: { attempt: Attempt; outcome: Outcome; endedAt: number },
  ) {
    const { logger } = this.#dependencies;
    const { id: jobId, type, attempt: number } = held.job;
    if (outcome.kind === "failed" && outcome.cause !== undefined) this.#explain(attempt, outcome.cause);
    try {
      const mayWait = () => this.#state === "running";
      const settled = await settle({ ...this.#dependencies, mayWait }, attempt, outcome);
      if (settled === "settled") this.#publishSettled(attempt, outcome, endedAt);
      else {
        const ranMs = endedAt - attempt.startedAt;
        logger.warn(
          { jobId, type, attempt: number, ranMs },
          "the lease was lost; the outcome of the attempt is thrown away",
        );
        publish("meanwhile:lease-lost", () => ({ jobId, type, attempt: number, ranMs }));
      }
    } catch (error) {
      // The lease runs out, and the job is run again.
      logger.error({ err: error, jobId, type, attempt: number }, "the outcome could not be stored");
    } finally {
      this.#release(held);
    }
  }

  #publishSettled({ claimed, startedAt }: Attempt, outcome: Outcome, endedAt: number): void {
    publish("meanwhile:settle", () => ({
      jobId: claimed.id,
      type: claimed.type,
      attempt: claimed.attempt,
      outcome: outcome.kind === "aborted" ? outcome.reason : outcome.kind,
      ranMs: endedAt - startedAt,
      settleMs: this.#dependencies.clock.now() - endedAt,
    }));
  }

  /** The text of an error is for the logs only: callers are told no more than its code allows. */
  #explain(attempt: Attempt, cause: unknown): void {
    const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    attempt.log.error(text.split("\n", 1)[0]!, { stack: text });
  }

  async #giveBack(held: Held): Promise<void> {
    try {
      await handBack(this.#dependencies, held.job);
    } catch (error) {
      this.#dependencies.logger.warn(
        { err: error, jobId: held.job.id },
        "a job could not be handed back; its lease runs out",
      );
    } finally {
      this.#release(held);
    }
  }

  #handBackLate(): void {
    const late = this.#dependencies.clock.now() - BEGIN_WITHIN_MS;
    for (const pool of this.#pools.values()) {
      for (const job of pool.takeOlderThan(late, this.#options.leaseMs)) void this.#giveBack(this.#held.get(job.id)!);
    }
  }

  #release(held: Held): void {
    if (this.#held.get(held.job.id) === held) this.#held.delete(held.job.id);
    if (this.#starved && this.#held.size < MOST_HELD / 2) {
      this.#starved = false;
      this.#pump();
    }
    this.#noteEmpty();
  }

  #noteEmpty(): void {
    if (this.#held.size > 0 || this.#reserved > 0) return;
    const waiting = this.#waitingForEmpty;
    this.#waitingForEmpty = [];
    for (const resolve of waiting) resolve();
  }

  async #emptied(): Promise<void> {
    while (this.#held.size > 0 || this.#reserved > 0)
      await new Promise<void>((resolve) => this.#waitingForEmpty.push(resolve));
  }

  #lose(held: Held): void {
    if (held.attempt === undefined) this.#release(held);
    else held.attempt.abort("lease_lost");
  }

  #cancel(held: Held, by: string): void {
    if (held.attempt === undefined) return;
    held.attempt.claimed = { ...held.attempt.claimed, cancelRequestedBy: by };
    held.attempt.abort("cancelled");
  }

  async #learnWish(jobId: JobId): Promise<void> {
    const held = this.#held.get(jobId);
    if (held === undefined) return;
    const job = await this.#dependencies.store.jobs.find(jobId).catch(() => undefined);
    // Where it could not be read, the next heartbeat brings the wish.
    if (job?.lease?.token === held.job.lease.token && job.cancelRequestedBy !== null)
      this.#cancel(held, job.cancelRequestedBy);
  }

  /** Another process has committed something: perhaps the wish to cancel an attempt that runs here. */
  async #lookForWishes(): Promise<void> {
    const { clock, store, logger } = this.#dependencies;
    const now = clock.now();
    if (this.#running === 0 || now - this.#lookedForWishesAt < LOOK_FOR_WISHES_EVERY_MS) return;
    this.#lookedForWishesAt = now;
    try {
      const running = [...this.#held.values()].filter(({ attempt }) => attempt !== undefined);
      const lastSeqs = await store.events.lastSeqs(running.map(({ job }) => job.id));
      for (const { job } of running) if ((lastSeqs.get(job.id) ?? 0) > job.lastSeq) await this.#learnWish(job.id);
    } catch (error) {
      logger.warn({ err: error }, "looking for cancel wishes failed; the next heartbeat brings them");
    }
  }
}

// Behind the three listeners of `start`.
const POLL_SLOT = 3;
