// Queues a delivery.
import { statement } from "./statement.js";

export type InsertDelivery = [
  id: string,
  owner: string,
  channel: string,
  jobId: string,
  seq: number,
  eventType: string,
  endpointId: string | null,
  line: string,
  place: 0 | 1,
  lane: string,
  dueAt: number | null,
  createdAt: number,
  nextAttemptAt: number | null,
  target: string,
  secret: string | null,
  traceparent: string | null,
];

export const insertDelivery = statement<InsertDelivery>(`
  insert into meanwhile_deliveries
         (id, owner, channel, job_id, seq, event_type, endpoint_id, line, place, lane, due_at, status, attempt_count,
          round_attempts, created_at, next_attempt_at, target, secret, traceparent)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'PENDING', 0,
          0, ?, ?, ?, ?, ?)`);
