// The columns of a standing endpoint, for every statement that reads one.

export const ENDPOINT_COLUMNS = `number, id, owner, channel, url, types, events, enabled, disabled_reason, secret,
         previous_secret, previous_secret_until, failing_since, failure_count, created_at, updated_at`;

export type EndpointRow = [
  number: number,
  id: string,
  owner: string,
  channel: string,
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
  createdAt: number,
  updatedAt: number,
];
