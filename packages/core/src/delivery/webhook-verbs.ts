// The verbs of webhooks, bound to the store.
import type { Clock } from "../clock.js";
import type { IdSource } from "../ids.js";
import type { Store } from "../store/store.js";
import type { PushChannel } from "./channel.js";
import { createDeliveryVerbs } from "./delivery-verbs.js";
import { createEndpointVerbs } from "./endpoint-verbs.js";
import { createOwnerSecrets } from "./secrets.js";
import type { WebhookVerbs } from "./webhooks.js";

export interface WebhookVerbDependencies {
  readonly store: Pick<Store, "deliveries" | "webhookEndpoints" | "secrets">;
  readonly pushChannels: readonly PushChannel[];
  readonly clock: Clock;
  readonly ids: IdSource;
}

export function createWebhookVerbs(dependencies: WebhookVerbDependencies): WebhookVerbs {
  const owners = createOwnerSecrets({ secrets: dependencies.store.secrets, ids: dependencies.ids });
  return { ...createEndpointVerbs({ ...dependencies, owners }), ...createDeliveryVerbs(dependencies) };
}
