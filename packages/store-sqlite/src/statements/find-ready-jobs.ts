// The first ready jobs of a type, in the order of claims.
import type { SqlValue } from "../driver/driver.js";
import { LIMIT, statement } from "./statement.js";

export type ReadyJobRow = [
  number: number,
  id: string,
  owner: string,
  status: string,
  priority: number,
  runAt: number,
  attempt: number,
  maxAttempts: number,
  lastSeq: number,
  startedAt: number | null,
  createdAt: number,
  timeoutMs: number | null,
  retentionMs: number,
  requestId: string | null,
  place: number,
  parameters: SqlValue,
  rare: string | null,
  /** Its end passes a turn on. */
  hasTurn: 0 | 1,
];

/** What `rare` holds, in this order, as a JSON array. */
export type RareReadyColumns = [
  parametersFormat: string | null,
  startBy: number | null,
  completeBy: number | null,
  cancelRequestedBy: string | null,
  callbackId: string | null,
  traceparent: string | null,
  tracestate: string | null,
  tags: string | null,
  undoSteps: string | null,
  progress: string | null,
  error: string | null,
];

const RARE = `parameters_format, start_by, complete_by, cancel_requested_by, callback_id, traceparent, tracestate,
                                     tags, undo_steps, progress, error`;

export const findReadyJobs = statement<[type: string, limit: number], ReadyJobRow>(`
  select number, id, owner, status, priority, run_at, attempt, max_attempts, last_seq, started_at, created_at, timeout_ms,
         retention_ms, request_id, place, parameters,
         -- Most jobs have none of these, and every column that crosses into JavaScript is paid per job.
         case when coalesce(${RARE}) is not null
              then json_array(${RARE})
         end,
         turn is not null
    from meanwhile_jobs indexed by meanwhile_jobs_waiting -- one range of it, read from its beginning
   where type = ?
     and readiness = 'ready'
   order by priority desc, place, number
   ${LIMIT}`);
