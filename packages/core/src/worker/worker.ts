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
import type { ClaimedJob } from "../job/job.js";
import type { Logger } from "../logger.js";
import type { LeaseResult } from "../store/job-store.js";
import type { Store } from "../store/store.js";
import { Attempt, type AttemptDependencies } from "./attempt.js";
import { type ClaimLoop, createClaimLoop } from "./claim-loop.js";
import { handBack } from "./hand-back.js";
import { createHeartbeat, type Heartbeat } from "./heartbeat.js";
import { type Held, HeldLeases } from "./held-leases.js";
import { createJobLogs } from "./job-logs.js";
import { type ResolvedWorkerOptions, resolveWorkerOptions, type WorkerOptions } from "./options.js";
import type { Outcome } from "./outcome.js";
import { Pool } from "./pool.js";
import { createSettling, type Settling } from "./settling.js";
import { createWishes, type Wishes } from "./wishes.js";

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
/** Of a job's first `job.started`, behind `job.submitted`. */
const FIRST_STARTED_SEQ = 2;

export function createWorker(dependencies: WorkerDependencies, options: WorkerOptions = {}): Worker {
  const resolved = resolveWorkerOptions(options);
  return new PooledWorker(dependencies, resolved);
}

class PooledWorker implements Worker {
  readonly workerId: string;
  readonly #dependencies: WorkerDependencies;
  readonly #options: ResolvedWorkerOptions;
  readonly #pools: ReadonlyMap<string, Pool>;
  readonly #held = new HeldLeases();
  readonly #attemptDependencies: AttemptDependencies;
  readonly #heartbeat: Heartbeat;
  readonly #claims: ClaimLoop;
  readonly #wishes: Wishes;
  readonly #settling: Settling;
  #state: "idle" | "running" | "stopping" | "stopped" = "idle";
  #running = 0;
  /** A pool would have taken more, but the process as a whole had no room. */
  #starved = false;
  /** The order in which pools are asked; what the process as a whole has room for is shared out by it. */
  #order: readonly Pool[];
  /** Jobs that a claim under way may bring. */
  #asking = 0;
  #fresh: Attempt[] = [];
  #endings: (() => void)[] = [];
  #cancelPoll: (() => void) | undefined;

  constructor(dependencies: WorkerDependencies, options: ResolvedWorkerOptions) {
    const { store, catalog, clock, logger, ids } = dependencies;
    this.#dependencies = dependencies;
    this.#options = options;
    this.workerId = ids.uuid();
    this.#pools = createPools(catalog, options.types);
    this.#order = [...this.#pools.values()];
    this.#attemptDependencies = {
      ...dependencies,
      fileRecords: store.files,
      transactions: store.transactions,
      logs: createJobLogs({ logs: store.logs, clock, logger }),
      abortGraceMs: options.abortGraceMs,
      progressEveryMs: options.progressEveryMs,
    };
    this.#wishes = createWishes({
      ...dependencies,
      held: this.#held,
      giveBackUnbegun: (held) => {
        if (this.#pools.get(held.job.type)?.remove(held) === true) void this.#giveBack(held);
      },
    });
    this.#settling = createSettling({ ...dependencies, mayWait: () => this.#state === "running" });
    this.#claims = createClaimLoop({
      clock,
      logger,
      mayClaim: () => this.#state === "running",
      claim: () => this.#claimOnce(),
    });
    this.#heartbeat = createHeartbeat({
      jobs: store.jobs,
      clock,
      logger,
      leaseMs: options.leaseMs,
      held: () => this.#held.leases(),
      onResult: (held, result) => this.#onHeartbeat(held, result),
    });
  }

  readonly birthPlaces: BirthPlaces = (type) => {
    const pool = this.#pools.get(type);
    // Only a claim counts what the other processes hold.
    if (pool === undefined || pool.definition.globalConcurrency !== null || this.#state !== "running") return undefined;
    if (!pool.seenEmpty || pool.buffered > 0 || pool.freeSlots <= 0 || this.#room() <= 0) return undefined;
    pool.reserved++;
    this.#held.reserve();
    const leave = () => {
      pool.reserved--;
      this.#held.unreserve();
    };
    return {
      workerId: this.workerId,
      leaseToken: this.#dependencies.ids.token(),
      leaseMs: this.#options.leaseMs,
      begin: (job) => {
        const held = this.#held.add(job);
        leave();
        if (this.#state === "running") this.#begin(pool, held);
        else void this.#giveBack(held);
      },
      release: () => {
        leave();
        this.#fillAfter(pool);
        this.#claims.wake();
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
      wakeups.onCancel((jobId) => void this.#wishes.learn(jobId)),
      wakeups.onForeignCommit(() => {
        this.#hint(undefined);
        this.#wishes.foreignCommit();
      }),
    ];
    this.#poll();
    this.#claims.wake();
  }

  async stop({ graceMs }: { graceMs: number }): Promise<void> {
    if (this.#state === "stopped") return;
    if (this.#state === "stopping") return this.#held.emptied();
    this.#state = "stopping";
    for (const end of this.#endings) end();
    this.#cancelPoll?.();
    const cancelTimer = this.#dependencies.clock.after(graceMs, () => {
      for (const { attempt } of this.#held.running()) attempt.abort("stopping");
    });
    // A claim under way still brings jobs: they are given back with the others.
    await this.#claims.idle();
    for (const pool of this.#pools.values()) this.#giveBackAll(pool.takeAll());
    await this.#held.emptied();
    cancelTimer();
    this.#wishes.stop();
    this.#heartbeat.stop();
    this.#state = "stopped";
  }

  async runOnce(): Promise<number> {
    const before = this.#state;
    if (before === "idle") this.#state = "running";
    for (const pool of this.#pools.values()) pool.hint();
    const count = await this.#claimOnce();
    await this.#held.emptied();
    if (before === "idle") this.#state = "idle";
    return count;
  }

  #poll(): void {
    const { clock } = this.#dependencies;
    this.#cancelPoll = clock.after(this.#options.pollEveryMs, () => {
      this.#hint(undefined);
      const late = clock.now() - BEGIN_WITHIN_MS;
      for (const pool of this.#pools.values()) this.#giveBackAll(pool.takeOlderThan(late, this.#options.leaseMs));
      this.#poll();
    });
  }

  #hint(type: string | undefined): void {
    if (type === undefined) for (const pool of this.#pools.values()) pool.hint();
    else this.#pools.get(type)?.hint();
    this.#claims.wake();
  }

  #room(): number {
    const free = Math.min(this.#options.concurrency - this.#running, MOST_HELD - this.#held.size);
    return free - this.#held.reserved - this.#asking;
  }

  async #claimOnce(): Promise<number> {
    const { store, ids, clock } = this.#dependencies;
    const asked = this.#askingPools();
    if (asked.length === 0) return 0;
    const startedAt = clock.now();
    this.#asking = asked.reduce((sum, { limit }) => sum + limit, 0);
    const jobs = await store.jobs
      .claim({
        workerId: this.workerId,
        leaseToken: ids.token(),
        leaseMs: this.#options.leaseMs,
        types: asked.map(({ pool, limit }) => pool.request(limit)),
      })
      .finally(() => {
        this.#asking = 0;
      });
    const durationMs = clock.now() - startedAt;
    publish("meanwhile:claim", () => ({ workerId: this.workerId, count: jobs.length, durationMs }));
    this.#endEarlierAttempts(jobs);
    this.#take(jobs, asked);
    // Others may have what the asked ones did not.
    if (this.#starved && this.#room() > 0) this.#claims.wake();
    return jobs.length;
  }

  /** The pools that have room and may have work, with how much each would take. */
  #askingPools(): readonly Asking[] {
    let room = this.#room();
    const asked: Asking[] = [];
    const passedOver: Pool[] = [];
    this.#starved = false;
    for (const pool of this.#order) {
      const wanted = pool.seenEmpty ? 0 : pool.claimLimit;
      if (wanted > room) this.#starved = true;
      const limit = Math.min(wanted, room);
      if (limit <= 0) {
        passedOver.push(pool);
        continue;
      }
      room -= limit;
      pool.hinted = false;
      asked.push({ pool, limit });
    }
    // Where there is not room for all, each has its turn.
    if (this.#starved) this.#order = [...passedOver, ...asked.map(({ pool }) => pool)];
    return asked;
  }

  #take(jobs: readonly ClaimedJob[], asked: readonly Asking[]): void {
    const { wakeups } = this.#dependencies;
    const held = jobs.map((job) => {
      wakeups.jobMoved(job.id, job.lastSeq);
      return this.#held.add(job);
    });
    for (const { pool, limit } of asked) {
      const own = asked.length === 1 ? held : held.filter(({ job }) => job.type === pool.definition.type);
      if (own.length < limit) pool.seenEmpty = !pool.hinted;
      pool.push(own);
      this.#fill(pool);
    }
  }

  /** An earlier attempt of a job that was claimed again is still here, its lease long lost: it learns so now. */
  #endEarlierAttempts(jobs: readonly ClaimedJob[]): void {
    const again = jobs.filter(({ lastSeq }) => lastSeq > FIRST_STARTED_SEQ);
    if (again.length === 0 || this.#held.size === 0) return;
    const held = this.#held.byJob();
    for (const { id } of again) {
      const earlier = held.get(id);
      if (earlier !== undefined) this.#loseLease(earlier);
    }
  }

  /** A slot of this pool is free: where the process as a whole is bounded, another one may have waited for it. */
  #fillAfter(pool: Pool): void {
    if (Number.isFinite(this.#options.concurrency)) for (const each of this.#order) this.#fill(each);
    else this.#fill(pool);
  }

  /** Starts as many buffered jobs as there are slots. */
  #fill(pool: Pool): void {
    // A handler that ends at once leads back here: the loop under way goes on, instead of one call deeper for each job.
    if (pool.filling) return;
    pool.filling = true;
    while (this.#state === "running" && pool.freeSlots > 0 && this.#hasSlot()) {
      const held = pool.shift();
      if (held === undefined) break;
      // Its lease may have been lost while it waited here.
      if (!held.isReleased) this.#begin(pool, held);
    }
    pool.filling = false;
  }

  /** Whether the process as a whole may begin one more, beside those that are being stored already leased. */
  #hasSlot(): boolean {
    return this.#running + this.#held.reserved < this.#options.concurrency;
  }

  #begin(pool: Pool, held: Held): void {
    const attempt = new Attempt(held.job, pool.definition, this.#attemptDependencies);
    held.attempt = attempt;
    pool.running++;
    this.#running++;
    const { id: jobId, type, attempt: number, runAt } = held.job;
    const { startedAt } = attempt;
    publish("meanwhile:start", () => ({ jobId, type, attempt: number, waitedMs: Math.max(0, startedAt - runAt) }));
    this.#watchTimeSoon(attempt);
    attempt.run((outcome) => this.#ended(pool, held, { attempt, outcome }));
  }

  #ended(pool: Pool, held: Held, { attempt, outcome }: { attempt: Attempt; outcome: Outcome }): void {
    pool.running--;
    this.#running--;
    pool.observe(this.#dependencies.clock.now() - attempt.startedAt);
    this.#settling.settle(attempt, outcome, () => this.#release(held));
    this.#fillAfter(pool);
    if (!pool.seenEmpty && pool.claimLimit > 0) this.#claims.wake();
  }

  /** Timers are set once per turn, for those attempts that are still running then: most short ones need none. */
  #watchTimeSoon(attempt: Attempt): void {
    if (this.#fresh.push(attempt) > 1) return;
    this.#dependencies.clock.nextTurn(() => {
      const fresh = this.#fresh;
      this.#fresh = [];
      for (const one of fresh) one.watchTime();
    });
  }

  #giveBackAll(leases: readonly Held[]): void {
    for (const held of leases) if (!held.isReleased) void this.#giveBack(held);
  }

  async #giveBack(held: Held): Promise<void> {
    const { logger } = this.#dependencies;
    try {
      await handBack(this.#dependencies, held.job);
    } catch (error) {
      logger.warn({ err: error, jobId: held.job.id }, "a job could not be handed back; its lease runs out");
    } finally {
      this.#release(held);
    }
  }

  #release(held: Held): void {
    this.#held.release(held);
    if (!this.#starved || this.#held.size >= MOST_HELD / 2) return;
    this.#starved = false;
    this.#claims.wake();
  }

  #onHeartbeat(held: Held, result: LeaseResult): void {
    if (held.isReleased) return;
    if (result.outcome === "lost") this.#loseLease(held);
    else if (result.cancelRequestedBy !== null) this.#wishes.note(held, result.cancelRequestedBy);
  }

  #loseLease(held: Held): void {
    if (held.attempt === undefined) this.#release(held);
    else held.attempt.abort("lease_lost");
  }
}

interface Asking {
  readonly pool: Pool;
  readonly limit: number;
}

function createPools(catalog: Catalog, types: readonly string[] | undefined): ReadonlyMap<string, Pool> {
  for (const type of types ?? []) {
    if (catalog.find(type) !== undefined) continue;
    throw new ConfigurationError(`worker.types names "${type}", but there is no such job type.`);
  }
  const chosen = catalog.definitions.filter(({ type }) => types?.includes(type) ?? true);
  return new Map(chosen.map((definition) => [definition.type, new Pool(definition)]));
}
