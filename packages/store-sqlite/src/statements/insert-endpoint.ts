// Stores a standing endpoint.
import { statement } from "./statement.js";

export type EndpointValues = [
  url: string,
  types: string | null,
  events: string,
  enabled: 0 | 1,
  disabledReason: string | null,
  secret: string,
  previousSecret: string | null,
  previousSecretUntil: number | null,
  failingSince: number | null,
  failureCount: number,
  updatedAt: number,
];

export type InsertEndpoint = [...EndpointValues, id: string, owner: string, channel: string, createdAt: number];

export const insertEndpoint = statement<InsertEndpoint>(`
  insert into meanwhile_webhook_endpoints
         (url, types, events, enabled, disabled_reason, secret, previous_secret, previous_secret_until, failing_since,
          failure_count, updated_at, id, owner, channel, created_at)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?,
          ?, ?, ?, ?, ?, ?)`);
