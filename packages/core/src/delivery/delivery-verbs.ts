// The verbs of single deliveries.
import { missingScope } from "../engine/refusals.js";
import { hasScope, maySee, type Principal } from "../principal/principal.js";
import { endpointDisabled, notFound, requireManage, waitsBehindAnother } from "./verb-refusals.js";
import type { WebhookVerbDependencies } from "./webhook-verbs.js";
import type { Delivery, WebhookVerbs } from "./webhooks.js";

export type DeliveryVerbs = Pick<WebhookVerbs, "listDeliveries" | "getDelivery" | "retryDelivery">;

export function createDeliveryVerbs({ store }: Pick<WebhookVerbDependencies, "store">): DeliveryVerbs {
  const visible = async (deliveryId: string, principal: Principal): Promise<Delivery> => {
    const delivery = await store.deliveries.find(deliveryId);
    if (delivery === undefined || !maySee(principal, delivery.owner)) throw notFound("delivery", deliveryId);
    return delivery;
  };

  return {
    async listDeliveries(query, { principal }) {
      if (!hasScope(principal, "jobs:read")) throw missingScope("jobs:read");
      const own = hasScope(principal, "jobs:admin") ? {} : { owner: principal.owner };
      return store.deliveries.list({ ...query, ...own });
    },
    async getDelivery(deliveryId, { principal }) {
      if (!hasScope(principal, "jobs:read")) throw missingScope("jobs:read");
      return visible(deliveryId, principal);
    },
    async retryDelivery(deliveryId, { principal }) {
      requireManage(principal);
      const { endpointId } = await visible(deliveryId, principal);
      if (endpointId !== null && (await store.webhookEndpoints.find(endpointId))?.enabled !== true) {
        throw endpointDisabled();
      }
      if ((await store.deliveries.requeue(deliveryId)) === "waiting") throw waitsBehindAnother();
      // One that is being sent just now is what was asked for, too.
      return visible(deliveryId, principal);
    },
  };
}
