// The part of the storage port that reads the event log. It is written only together with a job (invariant I1).
import type { EventSubject } from "../event/event.js";
import type { StoredEvent } from "../job/change.js";
import type { JobId } from "../job/job.js";

export interface EventStore {
  /** Events of one job with `seq` above `after`, in order, at most `limit`. */
  read(jobId: JobId, options: { after: number; limit: number }): Promise<readonly StoredEvent[]>;

  /** The highest `seq` of each of these jobs, in one statement; jobs that do not exist are left out. */
  lastSeqs(jobIds: readonly JobId[]): Promise<ReadonlyMap<JobId, number>>;

  /**
   * The whole log in commit order (invariant I3), after an opaque position, at most `limit`.
   *
   * @param options.after `null` starts at the oldest event that is kept. A position stays good when its event is purged. Later
   *   positions sort after earlier ones as text.
   * @throws AppError `invalid_request` where `after` cannot be read.
   */
  readLog(options: { after: string | null; limit: number }): Promise<LogPage>;

  /** The position behind the newest event: where a reader starts that wants only what is still to come. */
  logEnd(): Promise<string>;
}

export interface LogPage {
  readonly events: readonly PositionedEvent[];
  /** Where the next page starts; the same as `after` where there was nothing. */
  readonly position: string | null;
  /** What is missing in the log behind `after`, as it was when the page had been read: once for each owner. */
  readonly purged: readonly PurgedEvents[];
}

/** Some of an owner's events have been erased, with their jobs. */
export interface PurgedEvents {
  readonly owner: string;
  /** Of the last one of them. */
  readonly position: string;
}

export interface PositionedEvent extends StoredEvent {
  /** Opaque; goes into `after`. */
  readonly position: string;
  /** Whose job it is. */
  readonly owner: string;
  /** Of the job's row, what `toJobEvent` needs; result and error only where the event's data stands there. */
  readonly subject: EventSubject;
}
