// What handlers logged, bounded per job.
import type { JobLogStore } from "@meanwhile/core";
import { LOG_LEVELS } from "@meanwhile/protocol";
import type { Connection } from "./connection.js";
import { toLogLine } from "./side-rows.js";
import { findJobNumber } from "./statements/find-job-number.js";
import { findLastLogSeq } from "./statements/find-last-log-seq.js";
import { insertLogLine } from "./statements/insert-log-line.js";
import { readLogLines } from "./statements/read-log-lines.js";
import type { Synchronous } from "./synchronous.js";

export function createLogs(connection: Connection): Synchronous<JobLogStore> {
  const jobNumber = connection.query(findJobNumber);
  const lastSeq = connection.query(findLastLogSeq);
  const insert = connection.query(insertLogLine);
  const read = connection.query(readLogLines);

  const findLog = (jobId: string): { job: number; seq: number } | undefined => {
    const job = jobNumber.find([jobId])?.[0];
    return job === undefined ? undefined : { job, seq: lastSeq.find([job])?.[0] ?? 0 };
  };

  return {
    append(lines, { maxLines, droppedNote }) {
      connection.write(() => {
        const logs = new Map<string, ReturnType<typeof findLog>>();
        for (const line of lines) {
          if (!logs.has(line.jobId)) logs.set(line.jobId, findLog(line.jobId));
          const log = logs.get(line.jobId);
          if (log === undefined || log.seq > maxLines) continue;
          const isFull = log.seq === maxLines;
          const { level, message, fields } = isFull ? { level: "warn", message: droppedNote, fields: null } : line;
          insert.run([log.job, ++log.seq, line.at, level, line.attempt, message, fields]);
        }
      });
    },

    read: (jobId, { after, limit, minLevel }) =>
      read.list([jobId, after, JSON.stringify(LOG_LEVELS.slice(LOG_LEVELS.indexOf(minLevel))), limit]).map(toLogLine),
  };
}
