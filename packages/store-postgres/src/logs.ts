// What handlers logged, bounded per job.
import type { JobLogStore } from "@meanwhile/core";
import { LOG_LEVELS } from "@meanwhile/protocol";
import { columnsOf } from "./columns.js";
import type { Database } from "./database.js";
import { toLogLine } from "./side-rows.js";
import { findLastLogSeqs } from "./statements/find-last-log-seqs.js";
import { insertLogLines } from "./statements/insert-log-lines.js";
import { lockLogOwners } from "./statements/lock-log-owners.js";
import { readLogLines } from "./statements/read-log-lines.js";

export function createLogs(database: Database): JobLogStore {
  return {
    async append(lines, { maxLines, droppedNote }) {
      if (lines.length === 0) return;
      const ids = [...new Set(lines.map(({ jobId }) => jobId))].sort();
      await database.write(async (transaction) => {
        await transaction.run(lockLogOwners, [ids]);
        const found = await transaction.list(findLastLogSeqs, [ids]);
        const logs = new Map(found.map(([id, job, seq]) => [id, { job, seq }]));
        const rows = lines.flatMap((line) => {
          const log = logs.get(line.jobId);
          if (log === undefined || log.seq > maxLines) return [];
          const isFull = log.seq === maxLines;
          const { level, message, fields } = isFull ? { level: "warn", message: droppedNote, fields: null } : line;
          return [[log.job, ++log.seq, line.at, level, line.attempt, message, fields]];
        });
        if (rows.length > 0) await transaction.run(insertLogLines, columnsOf(rows, 7));
      });
    },

    async read(jobId, { after, limit, minLevel }) {
      const levels = LOG_LEVELS.slice(LOG_LEVELS.indexOf(minLevel));
      return (await database.list(readLogLines, [jobId, after, levels, limit])).map(toLogLine);
    },
  };
}
