// Stores an endpoint.
import { statement } from "./statement.js";

export type EndpointValues = [
  url: string,
  types: string | null,
  events: string,
  enabled: boolean,
  disabledReason: string | null,
  secret: string,
  previousSecret: string | null,
  previousSecretUntil: number | null,
  failingSince: number | null,
  failureCount: number,
  updatedAt: number,
];

export type InsertEndpoint = [...EndpointValues, id: string, owner: string, channel: string, createdAt: number];

export const insertEndpoint = statement<InsertEndpoint, [number: number]>(
  "insert_endpoint",
  `
  insert into meanwhile_webhook_endpoints
         (url, types, events, enabled, disabled_reason, secret, previous_secret, previous_secret_until, failing_since,
          failure_count, updated_at, id, owner, channel, created_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9,
          $10, $11, $12, $13, $14, $15)
  returning number`,
);
