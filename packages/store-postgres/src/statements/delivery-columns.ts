// The columns of a delivery, for every statement that reads one.

export const DELIVERY_COLUMNS = `deliveries.number, deliveries.id, deliveries.owner, deliveries.channel, deliveries.job_id,
         deliveries.seq, deliveries.event_type, deliveries.target, deliveries.endpoint_id, deliveries.status,
         deliveries.attempt_count, deliveries.attempts, deliveries.created_at, deliveries.next_attempt_at,
         deliveries.finished_at`;

export type DeliveryRow = [
  number: number,
  id: string,
  owner: string,
  channel: string,
  jobId: string,
  seq: number,
  eventType: string,
  target: string,
  endpointId: string | null,
  status: string,
  attemptCount: number,
  attempts: string | null,
  createdAt: number,
  nextAttemptAt: number | null,
  finishedAt: number | null,
];
