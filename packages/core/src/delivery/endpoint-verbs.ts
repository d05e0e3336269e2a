// The verbs of standing endpoints and of secrets.
import { DEFAULT_WEBHOOK_EVENTS, LIMITS } from "@meanwhile/protocol";
import type { Access } from "../engine/engine.js";
import { AppError } from "../errors.js";
import type { Principal } from "../principal/principal.js";
import type { WebhookEndpointPatch, WebhookEndpointRecord } from "../store/webhook-endpoint-store.js";
import { checkTarget } from "./check-target.js";
import { stopDeliveries } from "./disable-endpoint.js";
import { readEndpointChange, readEndpointInput, readRecoverInput } from "./endpoint-input.js";
import { newWebhookSecret, type OwnerSecrets } from "./secrets.js";
import { WEBHOOK_CHANNEL } from "./subscription.js";
import { endpointDisabled, notFound, requireManage } from "./verb-refusals.js";
import type { WebhookVerbDependencies } from "./webhook-verbs.js";
import type { WebhookEndpoint, WebhookVerbs } from "./webhooks.js";

export type EndpointVerbs = Pick<
  WebhookVerbs,
  | "createEndpoint"
  | "listEndpoints"
  | "getEndpoint"
  | "updateEndpoint"
  | "removeEndpoint"
  | "rotateSecret"
  | "recover"
  | "ownSecret"
>;

/** How long the secret before the newest signs along. */
const ROTATION_MS = 24 * 3_600_000;
/** Small pieces: between two of them other writes come through. */
const RECOVER_BATCH = 100;

export function createEndpointVerbs(dependencies: WebhookVerbDependencies & { owners: OwnerSecrets }): EndpointVerbs {
  const { store, clock, ids, pushChannels, owners } = dependencies;

  const own = async (endpointId: string, principal: Principal): Promise<WebhookEndpointRecord> => {
    const endpoint = await store.webhookEndpoints.find(endpointId);
    if (endpoint === undefined || endpoint.owner !== principal.owner) throw notFound("webhook endpoint", endpointId);
    return endpoint;
  };

  const update = async (endpointId: string, patch: WebhookEndpointPatch): Promise<WebhookEndpointRecord> => {
    const updated = await store.webhookEndpoints.update(endpointId, patch, { at: clock.now() });
    if (updated === undefined) throw notFound("webhook endpoint", endpointId);
    return updated;
  };

  return {
    async createEndpoint(input, { principal }) {
      requireManage(principal);
      const { url, types = null, events = DEFAULT_WEBHOOK_EVENTS, enabled = true, ...given } = readEndpointInput(input);
      await checkTarget(pushChannels, url, "#/url");
      const now = clock.now();
      const secret = given.secret ?? newWebhookSecret(ids);
      const health = { disabledReason: null, failingSince: null, failureCount: 0 };
      const wishes = { channel: WEBHOOK_CHANNEL, url, types, events, enabled };
      const identity = { id: ids.uuid(), owner: principal.owner, createdAt: now, updatedAt: now };
      const endpoint: WebhookEndpointRecord = { ...identity, ...wishes, ...health, secret, previousSecret: null };
      const stored = await store.webhookEndpoints.insert(endpoint, { atMost: LIMITS.webhookEndpoints });
      if (!stored) throw tooManyEndpoints();
      return { endpoint: toShown(endpoint), secret };
    },
    async listEndpoints(query, { principal }) {
      requireManage(principal);
      const page = await store.webhookEndpoints.list({ ...query, owner: principal.owner });
      return { ...page, items: page.items.map(toShown) };
    },
    async getEndpoint(endpointId, { principal }) {
      requireManage(principal);
      return toShown(await own(endpointId, principal));
    },
    async updateEndpoint(endpointId, input, { principal }) {
      requireManage(principal);
      await own(endpointId, principal);
      const change = readEndpointChange(input);
      if (change.url !== undefined) await checkTarget(pushChannels, change.url, "#/url");
      const judged = change.enabled === undefined ? {} : { disabledReason: null, failingSince: null, failureCount: 0 };
      const updated = await update(endpointId, { ...withoutAbsent(change), ...judged });
      if (!updated.enabled) await stopDeliveries(store.deliveries, endpointId);
      return toShown(updated);
    },
    async removeEndpoint(endpointId, { principal }) {
      requireManage(principal);
      await own(endpointId, principal);
      await store.webhookEndpoints.remove(endpointId);
      await stopDeliveries(store.deliveries, endpointId);
    },
    async rotateSecret(endpointId, { principal }) {
      requireManage(principal);
      const before = await own(endpointId, principal);
      const secret = newWebhookSecret(ids);
      const previousSecret = { secret: before.secret, until: clock.now() + ROTATION_MS };
      await update(endpointId, { secret, previousSecret });
      return { secret };
    },
    async recover(endpointId, input, { principal }) {
      requireManage(principal);
      const endpoint = await own(endpointId, principal);
      const since = readRecoverInput(input);
      if (!endpoint.enabled) throw endpointDisabled();
      // What fails again while this goes on is not taken up again.
      const range = { endpointId, since, until: clock.now(), limit: RECOVER_BATCH };
      let queued = 0;
      for (let count = RECOVER_BATCH; count === RECOVER_BATCH; queued += count) {
        count = await store.deliveries.recover(range);
      }
      return { queued };
    },
    async ownSecret({ principal }: Access) {
      requireManage(principal);
      return { secret: await owners.of(principal.owner) };
    },
  };
}

function withoutAbsent<T extends object>(change: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as never;
}

/** Leaves out what is ours, the secrets above all. */
function toShown(endpoint: WebhookEndpointRecord): WebhookEndpoint {
  const { id, owner, url, types, events, enabled, disabledReason, createdAt, updatedAt } = endpoint;
  return { id, owner, url, types, events, enabled, disabledReason, createdAt, updatedAt };
}

function tooManyEndpoints(): AppError {
  return new AppError("quota_exceeded", {
    message: `There are ${LIMITS.webhookEndpoints} webhook endpoints already. Remove one that is not needed any more.`,
  });
}
