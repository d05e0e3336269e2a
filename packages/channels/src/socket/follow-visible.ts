// The events of one job for a caller: first whether they may see it, then from their cursor on.
import { AppError, type Engine } from "@meanwhile/core";
import type { JobEvent } from "@meanwhile/protocol";
import type { SocketAccess } from "./dialect.js";
import type { Follow } from "./follows.js";

export interface VisibleJob {
  readonly jobId: string;
  /** Last `seq` already seen. */
  readonly after: number;
}

/**
 * Opens the log of a job. Its refusals: `job_not_found` (also for another owner's job, and for another than the ticket's),
 * `job_purged`, `forbidden`, `invalid_request` for a cursor beyond the end.
 */
export function openVisible(
  engine: Pick<Engine, "get" | "subscribe">,
  access: SocketAccess,
  { jobId, after }: VisibleJob,
): Follow<JobEvent>["open"] {
  return async () => {
    requireNamed(access, jobId);
    const job = await engine.get(jobId, access);
    if (after > job.lastSeq) {
      const message = `The job has no event ${after}: its last is ${job.lastSeq}. Follow after the last seq that you have.`;
      throw new AppError("invalid_request", { message, details: { lastSeq: job.lastSeq } });
    }
    return (reader) => engine.subscribe(job, { after, reader });
  };
}

/** A ticket of one job names no other; what one may not see answers as if it did not exist (invariant I10). */
export function requireNamed({ jobId: only }: SocketAccess, jobId: string): void {
  if (only === undefined || only === jobId) return;
  throw new AppError("job_not_found", { message: "There is no such job.", details: { jobId } });
}
