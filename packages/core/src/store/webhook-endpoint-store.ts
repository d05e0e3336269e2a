// The part of the storage port that keeps standing endpoints. Which events they want is matched by whoever commits events.
import type { WebhookEndpoint } from "../delivery/webhooks.js";

export interface WebhookEndpointRecord extends WebhookEndpoint {
  /** The push channel that serves it. */
  readonly channel: string;
  readonly secret: string;
  /** Signs along until that instant. */
  readonly previousSecret: { readonly secret: string; readonly until: number } | null;
  /** Since when every sending has failed; `null` where the last one did not. */
  readonly failingSince: number | null;
  readonly failureCount: number;
}

/** Absent members stay as they are. */
export type WebhookEndpointPatch = Partial<
  Pick<
    WebhookEndpointRecord,
    | "url"
    | "types"
    | "events"
    | "enabled"
    | "disabledReason"
    | "secret"
    | "previousSecret"
    | "failingSince"
    | "failureCount"
  >
>;

export interface WebhookEndpointStore {
  /** @returns `false`, and stores nothing, where the owner has `atMost` already. */
  insert(endpoint: WebhookEndpointRecord, options: { atMost: number }): Promise<boolean>;

  /** The endpoint, whoever owns it. */
  find(endpointId: string): Promise<WebhookEndpointRecord | undefined>;

  /** Newest first (by insertion). @throws AppError `invalid_request` where the cursor cannot be read. */
  list(query: {
    owner: string;
    limit: number;
    cursor?: string;
  }): Promise<{ items: readonly WebhookEndpointRecord[]; nextCursor: string | null }>;

  /** @returns the endpoint as it is now; `undefined` where there is none. */
  update(
    endpointId: string,
    patch: WebhookEndpointPatch,
    options: { at: number },
  ): Promise<WebhookEndpointRecord | undefined>;

  /** Its deliveries stay. @returns `false` where there is none. */
  remove(endpointId: string): Promise<boolean>;
}
