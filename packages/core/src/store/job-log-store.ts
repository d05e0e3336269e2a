// The part of the storage port that keeps what handlers logged.
import type { LogLevel } from "@meanwhile/protocol";
import type { JobId } from "../job/job.js";

export interface JobLogStore {
  /**
   * Appends lines; `seq` counts 1, 2, 3 … per job. Of each job `maxLines` are kept. The first line beyond them is replaced
   * by `droppedNote` (once; level `warn`, no fields, instant and attempt of that line), the others are not stored. Lines of
   * jobs that do not exist are dropped.
   */
  append(lines: readonly NewLogLine[], options: { maxLines: number; droppedNote: string }): Promise<void>;

  /** Lines with `seq` above `after`, in order, of at least `minLevel`. */
  read(jobId: JobId, options: { after: number; limit: number; minLevel: LogLevel }): Promise<readonly LogLine[]>;
}

export interface NewLogLine {
  readonly jobId: JobId;
  readonly at: number;
  readonly level: LogLevel;
  readonly message: string;
  /** JSON text of an object, or `null`. */
  readonly fields: string | null;
  readonly attempt: number;
}

export interface LogLine extends NewLogLine {
  readonly seq: number;
}
