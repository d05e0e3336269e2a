// A whole service on the memory store and a clock that the test moves.
import { ManualClock, until } from "@meanwhile/store-testkit";
import { onTestFinished } from "vitest";
import type { AnyJobDefinition } from "../definition/define-job.js";
import type { PushChannel } from "../delivery/channel.js";
import type { DeliveryOptions } from "../delivery/options.js";
import type { FileBytes } from "../files/file-bytes.js";
import type { StoredEvent } from "../job/change.js";
import type { Job } from "../job/job.js";
import type { Logger } from "../logger.js";
import { LOCAL_PRINCIPAL } from "../principal/principal.js";
import { createService, type Service } from "../service.js";
import { createMemoryStore } from "../store/memory-store.js";
import type { Store } from "../store/store.js";
import type { WorkerOptions } from "../worker/options.js";

export interface TestServiceOptions {
  worker?: WorkerOptions | false;
  /** A number in [0, 1). Default: always 0. */
  random?: () => number;
  clock?: ManualClock;
  /** Default: a memory store of its own. */
  store?: Store;
  /** Starts the chores and the worker. Default: true. */
  started?: boolean;
  pushChannels?: readonly PushChannel[];
  delivery?: DeliveryOptions;
  linkBase?: string;
}

export interface LogEntry {
  readonly level: keyof Logger;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface TestService extends Service {
  readonly clock: ManualClock;
  readonly logged: readonly LogEntry[];
  /** Moves the clock in small steps, with time for what each brings about. */
  pass(ms: number): Promise<void>;
  submit(type: string, parameters?: object, envelope?: object, idempotencyKey?: string): Promise<Job>;
  /** Waits until the job has the status. */
  reaches(jobId: string, status: Job["status"]): Promise<Job>;
  job(jobId: string): Promise<Job>;
  events(jobId: string): Promise<readonly StoredEvent[]>;
  /** The types of the job's events, in order, without the leading `job.`. */
  told(jobId: string): Promise<readonly string[]>;
}

/** Stopped when the test is over. */
export async function startTestService(
  jobs: readonly AnyJobDefinition[],
  {
    worker = {},
    random = () => 0,
    clock = new ManualClock(),
    store,
    started = true,
    pushChannels = [],
    ...options
  }: TestServiceOptions = {},
): Promise<TestService> {
  const kept = store ?? createMemoryStore({ clock });
  const logged: LogEntry[] = [];
  const service = createService(
    { store: kept, jobs, fileBytes: noFileBytes, logger: collectLogs(logged), clock, random, pushChannels },
    { worker, ...options },
  );
  if (started) await startSettled(service, clock);
  onTestFinished(async () => {
    const stopped = service.stop({ graceMs: 0 });
    // A stop waits for timers of its own.
    await Promise.all([stopped, until(async () => moved(clock, stopped), { what: "the service has stopped" })]);
  });
  const job = async (jobId: string): Promise<Job> => {
    const found = await kept.jobs.find(jobId);
    if (found === undefined) throw new Error(`There is no job ${jobId}.`);
    return found;
  };
  const events = (jobId: string) => kept.events.read(jobId, { after: 0, limit: 100_000 });
  return {
    ...service,
    clock,
    logged,
    job,
    events,
    async pass(ms) {
      for (let left = ms; left > 0; left -= STEP_MS) {
        clock.advance(Math.min(left, STEP_MS));
        await nextTurns();
      }
    },
    async submit(type, parameters = {}, envelope = {}, idempotencyKey) {
      const { job: submitted } = await service.engine.submit(
        { type, parameters, ...envelope },
        { principal: LOCAL_PRINCIPAL, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) },
      );
      return submitted;
    },
    reaches: (jobId, status) =>
      until(
        async () => {
          const found = await job(jobId);
          return found.status === status ? found : undefined;
        },
        { what: `the job is ${status}` },
      ),
    async told(jobId) {
      return (await events(jobId)).map(({ type }) => type.slice("job.".length));
    },
  };
}

const STEP_MS = 50;

/** Starts, and lets every chore run once and set its next timer: from then on the test moves the time. */
async function startSettled(service: Service, clock: ManualClock): Promise<void> {
  await service.start();
  clock.advance(0);
  await nextTurns();
}

/** Lets everything happen that waits for nothing but the event loop. */
export async function nextTurns(count = 3): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Moves the clock in small steps; `true` once the promise has settled. */
async function moved(clock: ManualClock, promise: Promise<unknown>): Promise<boolean> {
  const waiting = Symbol("waiting");
  clock.advance(1);
  return (await Promise.race([promise, Promise.resolve(waiting)])) !== waiting;
}

function collectLogs(logged: LogEntry[]): Logger {
  const at = (level: keyof Logger) => (fields: object, message: string) => {
    logged.push({ level, fields: fields as LogEntry["fields"], message });
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** These tests have no files. */
const noFileBytes: FileBytes = {
  write: () => Promise.reject(new Error("there are no files here")),
  read: () => {
    throw new Error("there are no files here");
  },
  remove: async () => {},
  sweep: async () => 0,
};
