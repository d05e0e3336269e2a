// What handlers log: kept with the job, and written to the process's own log.
import { LIMITS, type LogLevel } from "@meanwhile/protocol";
import { type Coalescer, createCoalescer } from "../batch/coalesce.js";
import type { Clock } from "../clock.js";
import type { JobLog } from "../definition/context.js";
import type { Logger } from "../logger.js";
import { storableText } from "../storable-text.js";
import type { JobLogStore, NewLogLine } from "../store/job-log-store.js";

export interface AttemptLog extends JobLog {
  /** Resolves when every line so far is stored. */
  flush(): Promise<void>;
}

export interface JobLogs {
  open(attempt: { jobId: string; attempt: number }): AttemptLog;
}

const DROPPED_NOTE = `Further lines of this job were dropped: ${LIMITS.logLines} are kept.`;

export function createJobLogs({ logs, clock, logger }: { logs: JobLogStore; clock: Clock; logger: Logger }): JobLogs {
  const lines: Coalescer<NewLogLine, void> = createCoalescer({
    clock,
    maxInFlight: 1,
    run: async (batch) => {
      await logs.append(batch, { maxLines: LIMITS.logLines, droppedNote: DROPPED_NOTE });
      return batch.map(() => undefined);
    },
  });

  return {
    open({ jobId, attempt }) {
      let written: Promise<void> = Promise.resolve();
      let count = 0;
      const write = (level: LogLevel, message: string, fields: Record<string, unknown> | undefined) => {
        logger[level](fields ?? {}, message);
        // One line more than is kept tells the store that lines were dropped; the others need not travel.
        if (++count > LIMITS.logLines + 1) return;
        const line = { jobId, at: clock.now(), level, attempt, ...bounded(message, fields) };
        written = lines.add(line).catch((error: unknown) => {
          logger.warn({ err: error }, "a line of the job's log could not be stored");
        });
      };
      return {
        debug: (message, fields) => write("debug", message, fields),
        info: (message, fields) => write("info", message, fields),
        warn: (message, fields) => write("warn", message, fields),
        error: (message, fields) => write("error", message, fields),
        flush: () => written,
      };
    },
  };
}

/** Fields that are too large, or have no JSON form, give way to a note; the message is cut. */
function bounded(
  message: string,
  fields: Record<string, unknown> | undefined,
): { message: string; fields: string | null } {
  // A log must take any text.
  const text = storableText(String(message));
  const short = Buffer.byteLength(text) > LIMITS.logLineBytes ? cut(text) : text;
  if (fields === undefined) return { message: short, fields: null };
  try {
    const json = JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? value.stack : value));
    const fits = Buffer.byteLength(json) + Buffer.byteLength(short) <= LIMITS.logLineBytes;
    return {
      message: short,
      fields: fits ? json.replaceAll("\\u0000", "\\u2400") : '{"note":"The fields were too large to keep."}',
    };
  } catch {
    return { message: short, fields: '{"note":"The fields have no JSON form."}' };
  }
}

const CUT_NOTE = " … (cut)";

function cut(text: string): string {
  const bytes = Buffer.from(text).subarray(0, LIMITS.logLineBytes - Buffer.byteLength(CUT_NOTE));
  return bytes.toString().replace(/\uFFFD$/, "") + CUT_NOTE;
}
