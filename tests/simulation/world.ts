// A small world on one memory store and one clock: services that come, go and are cut off, and callers that ask for things.
import {
  type AnyJobDefinition,
  AppError,
  createMemoryStore,
  createService,
  defineJob,
  type Engine,
  LOCAL_PRINCIPAL,
  type Service,
  type Store,
} from "@meanwhile/core";
import { ManualClock } from "@meanwhile/store-testkit";
import { z } from "zod";
import { createPromises, type Promises } from "../crash/promises.js";
import type { Random } from "../harness/random.js";

const LEASE_MS = 900;
const STEP_MS = 50;

interface Member {
  readonly service: Service;
  cutOff: boolean;
}

export class World {
  readonly clock = new ManualClock();
  readonly store: Store = createMemoryStore({ clock: this.clock });
  readonly promises: Promises = createPromises();
  readonly #random: Random;
  readonly #members: Member[] = [];
  readonly #jobIds: string[] = [];
  #keys = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get workers(): number {
    return this.#members.length;
  }

  async addWorker(): Promise<void> {
    const member: { service?: Service; cutOff: boolean } = { cutOff: false };
    const service = createService(
      {
        store: cuttable(this.store, () => member.cutOff),
        jobs: definitions(this.clock),
        fileBytes: noFiles,
        clock: this.clock,
        random: () => this.#random.next(),
      },
      { worker: { leaseMs: LEASE_MS, pollEveryMs: 200, abortGraceMs: 300 } },
    );
    member.service = service;
    await service.start();
    this.#members.push(member as Member);
  }

  /** Cut off from the store, or joined to it again. */
  toggle(): void {
    const member = this.#random.pick(this.#members);
    member.cutOff = !member.cutOff;
  }

  joinAll(): void {
    for (const member of this.#members) member.cutOff = false;
  }

  /** One worker stops in order; it must not be the last. */
  async removeWorker(graceMs: number): Promise<void> {
    const [member] = this.#members.splice(this.#random.below(this.#members.length), 1);
    await this.#until(member!.service.stop({ graceMs }));
  }

  async stop(): Promise<void> {
    while (this.#members.length > 0) await this.removeWorker(0);
  }

  async submit(): Promise<void> {
    const random = this.#random;
    const envelope = {
      type: random.pick(["quick", "slow", "deaf", "shaky"]),
      parameters: { ms: random.below(2_500), failures: random.below(4) },
      ...(random.chance(0.2) ? { concurrencyKey: `turn-${random.below(2)}` } : {}),
      ...(random.chance(0.2) ? { delayMs: random.below(1_000) } : {}),
      ...(random.chance(0.1) ? { completeWithinMs: 1 + random.below(4_000) } : {}),
      ...(random.chance(0.1) ? { startWithinMs: 1 + random.below(2_000) } : {}),
    };
    const key = random.chance(0.5) ? `key-${++this.#keys}` : undefined;
    for (let again = key !== undefined; ; again = random.chance(0.3)) {
      const engine = this.#anyEngine();
      const answer = await settled(
        engine.submit(envelope, { principal: LOCAL_PRINCIPAL, ...(key === undefined ? {} : { idempotencyKey: key }) }),
      );
      if (answer !== undefined) {
        const { id } = answer.job;
        this.#jobIds.push(id);
        this.promises.accepted.add(id);
        if (key !== undefined) this.promises.keys.set(key, (this.promises.keys.get(key) ?? new Set()).add(id));
      }
      if (!again) return;
    }
  }

  async cancel(): Promise<void> {
    if (this.#jobIds.length === 0) return;
    const jobId = this.#random.pick(this.#jobIds);
    const answer = await settled(this.#anyEngine().cancel(jobId, { principal: LOCAL_PRINCIPAL }));
    if (answer === undefined) return;
    (answer.outcome === "cancelled" ? this.promises.cancelled : this.promises.cancelRequested).add(jobId);
  }

  async read(): Promise<void> {
    if (this.#jobIds.length === 0) return;
    const jobId = this.#random.pick(this.#jobIds);
    const access = { principal: LOCAL_PRINCIPAL, after: 0, limit: 1_000 };
    const page = await settled(this.#anyEngine().events(jobId, access));
    for (const { seq, type, at } of page?.events ?? []) this.promises.seen.push({ jobId, seq, type, at });
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      this.clock.advance(Math.min(left, STEP_MS));
      await turns();
    }
  }

  /** Lets time pass until every job is over. @throws Error where one never is. */
  async finish(): Promise<void> {
    for (let passes = 0; passes < 600; passes++) {
      const { items } = await this.store.jobs.list({ limit: 10_000 });
      if (items.every(({ completedAt }) => completedAt !== null)) return;
      await this.pass(200);
    }
    throw new Error("There are jobs that never come to an end.");
  }

  async #until(promise: Promise<unknown>): Promise<void> {
    let done = false;
    void promise.then(() => {
      done = true;
    });
    for (let steps = 0; !done; steps++) {
      if (steps > 2_000) throw new Error("A service does not stop.");
      this.clock.advance(STEP_MS);
      await turns();
    }
  }

  #anyEngine(): Engine {
    return this.#random.pick(this.#members).service.engine;
  }
}

/** Each call fails while the service is cut off, having done nothing: what the port promises. */
function cuttable(store: Store, isCutOff: () => boolean): Store {
  const cut = <T extends object>(room: T): T =>
    new Proxy(room, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...values: unknown[]) =>
          isCutOff()
            ? Promise.reject(new AppError("store_unavailable", { message: "cut off" }))
            : (value as (...all: unknown[]) => unknown).apply(target, values);
      },
    });
  return { ...store, jobs: cut(store.jobs), events: cut(store.events), logs: cut(store.logs) };
}

/** The answer, or `undefined` where it was a refusal that callers may get. */
async function settled<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof AppError && EXPECTED.has(error.code)) return undefined;
    throw error;
  }
}

const EXPECTED = new Set(["store_unavailable", "shutting_down", "job_already_finished"]);

async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function definitions(clock: ManualClock): readonly AnyJobDefinition[] {
  const parameters = z.object({ ms: z.int(), failures: z.int() });
  const retry = { maxAttempts: 3, initialDelayMs: 300 };
  const waited = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      clock.after(ms, resolve);
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  return [
    defineJob({ type: "quick", parameters, retry, run: ({ job }) => job.attempt }),
    defineJob({
      type: "slow",
      parameters,
      retry,
      concurrency: 2,
      timeoutMs: 2_000,
      async run({ parameters: { ms }, signal, progress, output, job }) {
        await progress(0.2);
        await waited(ms, signal);
        await output({ attempt: job.attempt });
        await progress(0.9);
        return job.attempt;
      },
    }),
    defineJob({
      type: "deaf",
      parameters,
      retry,
      concurrency: 2,
      async run({ parameters: { ms }, output, job }) {
        await waited(ms);
        await output({ attempt: job.attempt });
        return job.attempt;
      },
    }),
    defineJob({
      type: "shaky",
      parameters,
      retry,
      run({ parameters: { failures }, job }) {
        if (job.attempt <= failures) throw new Error("shaky");
        return job.attempt;
      },
    }),
  ];
}

const noFiles = {
  write: () => Promise.reject(new Error("there are no files here")),
  read: () => {
    throw new Error("there are no files here");
  },
  remove: async () => {},
  sweep: async () => 0,
};
