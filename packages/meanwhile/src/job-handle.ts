// One job in the hands of a program that uses meanwhile as a library.
import { type Access, AppError, type Engine, type Job, readJsonPayload, type UserTransaction } from "@meanwhile/core";
import { isTerminal, type JobError, type JobEvent, LIMITS, type SubmitEnvelope } from "@meanwhile/protocol";

/** Everything a submit may say beside type and parameters. */
export type SubmitJobOptions = Omit<SubmitEnvelope, "type" | "parameters"> & {
  /** Whose job it is. Default: `local`, the caller of a server without credentials. */
  owner?: string;
  /** The same key with the same request gives the same job. */
  idempotencyKey?: string;
  /**
   * Your own `pg` client, between your BEGIN and your COMMIT, on the database of the store: the job is there when you commit, and never
   * was when you roll back. Await the submit before the next statement on that client. PostgreSQL only.
   */
  transaction?: UserTransaction;
};

export interface JobHandle<Result> {
  readonly id: string;
  /** @throws AppError `job_not_found`, `job_purged`. */
  get(): Promise<Job>;
  /**
   * Waits until the job has completed.
   *
   * @param options.timeoutMs Longest wait; then AppError `job_not_finished`. Default: no limit.
   * @throws JobFailedError with the job's own code and message; the signal's reason.
   */
  result(options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<Result>;
  /** Every event to the terminal one. */
  events(options?: { after?: number; signal?: AbortSignal }): AsyncIterable<JobEvent>;
  /** @throws AppError `job_already_finished`. */
  cancel(): Promise<Job>;
}

/** The job ended otherwise than `COMPLETED`. */
export class JobFailedError extends Error {
  override readonly name = "JobFailedError";
  readonly jobId: string;
  readonly status: Job["status"];
  readonly code: string;
  readonly details: unknown;

  constructor(job: Pick<Job, "id" | "status">, error: JobError) {
    super(error.message);
    this.jobId = job.id;
    this.status = job.status;
    this.code = error.code;
    this.details = error.details;
  }
}

export function jobHandle<Result>(engine: Engine, jobId: string, access: Access): JobHandle<Result> {
  return {
    id: jobId,
    get: () => engine.get(jobId, access),
    async result({ timeoutMs = Number.POSITIVE_INFINITY, signal } = {}) {
      const giveUpAt = performance.now() + timeoutMs;
      for (;;) {
        signal?.throwIfAborted();
        const leftMs = Math.max(0, giveUpAt - performance.now());
        const job = await engine.wait(jobId, {
          ...access,
          timeoutMs: Math.min(leftMs, LIMITS.waitMs),
          ...(signal === undefined ? {} : { signal }),
        });
        if (isTerminal(job.status)) return resultOf(job) as Result;
        signal?.throwIfAborted();
        if (performance.now() >= giveUpAt) throw notFinished(job, timeoutMs);
      }
    },
    events: (options = {}) => engine.follow(jobId, { ...access, ...options }),
    cancel: async () => (await engine.cancel(jobId, access)).job,
  };
}

function resultOf(job: Job): unknown {
  if (job.status === "COMPLETED") return job.result === null ? null : readJsonPayload(job.result);
  throw new JobFailedError(job, job.error ?? { code: "cancelled", message: "The job was cancelled." });
}

function notFinished(job: Job, timeoutMs: number): AppError {
  return new AppError("job_not_finished", {
    message: `The job has not finished within ${timeoutMs} ms; it is ${job.status}. Ask again, or follow its events.`,
    details: { jobId: job.id, status: job.status },
  });
}
