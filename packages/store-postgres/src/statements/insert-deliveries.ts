// Queues deliveries, numbered in the order of the batch.
import { statement } from "./statement.js";

/** One row of the batch. */
export type InsertDeliveries = [
  id: string,
  owner: string,
  channel: string,
  jobId: string,
  seq: number,
  eventType: string,
  endpointId: string | null,
  line: string,
  place: number,
  lane: string,
  dueAt: number | null,
  createdAt: number,
  nextAttemptAt: number | null,
  target: string,
  secret: string | null,
  traceparent: string | null,
];

/** A list per column: see `columnsOf`. */
export const insertDeliveries = statement<[...columns: readonly unknown[][]], [number: number, id: string]>(
  "insert_deliveries",
  `
  insert into meanwhile_deliveries
         (id, owner, channel, job_id, seq, event_type, endpoint_id, line, place, lane, due_at, created_at,
          next_attempt_at, target, secret, traceparent, status, attempt_count, round_attempts)
  select batch.id, batch.owner, batch.channel, batch.job_id, batch.seq, batch.event_type, batch.endpoint_id,
          batch.line, batch.place, batch.lane, batch.due_at, batch.created_at, batch.next_attempt_at,
          batch.target, batch.secret, batch.traceparent, 'PENDING', 0, 0
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::text[],
                $8::text[], $9::integer[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[],
                $14::text[], $15::text[], $16::text[])
         with ordinality as batch (id, owner, channel, job_id, seq, event_type, endpoint_id, line, place, lane, due_at,
           created_at, next_attempt_at, target, secret, traceparent, nth)
   order by batch.nth
  returning number, id`,
);
