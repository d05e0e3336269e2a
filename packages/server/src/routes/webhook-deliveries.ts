// Deliveries: what was sent where, what came of it, and once more.
import { deliveryResource } from "@meanwhile/core";
import { DELIVERY_STATUSES } from "@meanwhile/protocol";
import type { FastifyRequest } from "fastify";
import type { ServerContext } from "../context.js";
import { json, ref } from "../openapi/refs.js";
import {
  CURSOR_PARAMETER,
  LIMIT_PARAMETER,
  pathWebhookId,
  queryLimit,
  queryOneOf,
  queryText,
  queryUuid,
} from "../query.js";
import type { Route } from "../route.js";
import { answerOne, answerPage } from "./webhook-answers.js";

const DELIVERIES = "/api/v2/webhooks/deliveries";
const TAG = "Webhooks";

export function webhookDeliveryRoutes(context: ServerContext): Route[] {
  return [listRoute(context), getRoute(context), retryRoute(context)];
}

function listRoute({ engine }: ServerContext): Route {
  return {
    method: "GET",
    path: DELIVERIES,
    access: "jobs:read",
    query: {
      jobId: { schema: { type: "string", format: "uuid" }, description: "Only those of this job." },
      status: { schema: { type: "string", enum: DELIVERY_STATUSES }, description: "Only those in this status." },
      endpointId: { schema: { type: "string", format: "uuid" }, description: "Only those to this standing endpoint." },
      limit: LIMIT_PARAMETER,
      cursor: CURSOR_PARAMETER,
    },
    document: {
      operationId: "listDeliveries",
      summary: "List deliveries, newest first",
      tag: TAG,
      responses: {
        "200": {
          description: "A page of deliveries.",
          headers: ["Cache-Control", "Vary", "Link"],
          content: json(ref("DeliveryPage")),
        },
      },
    },
    async handle(request, reply) {
      const { items, nextCursor } = await engine.webhooks.listDeliveries(readFilter(request), {
        principal: request.principal,
      });
      return answerPage(request, reply, { items: items.map((item) => deliveryResource(item)), nextCursor });
    },
  };
}

function readFilter(request: FastifyRequest) {
  const jobId = queryUuid(request, "jobId");
  const status = queryOneOf(request, "status", DELIVERY_STATUSES);
  const endpointId = queryUuid(request, "endpointId");
  const cursor = queryText(request, "cursor");
  return {
    limit: queryLimit(request),
    ...(jobId === undefined ? {} : { jobId }),
    ...(status === undefined ? {} : { status }),
    ...(endpointId === undefined ? {} : { endpointId }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

const ONE_DELIVERY = json(ref("DeliveryWithAttempts"));

function getRoute({ engine }: ServerContext): Route {
  return {
    method: "GET",
    path: `${DELIVERIES}/{id}`,
    access: "jobs:read",
    document: {
      operationId: "getDelivery",
      summary: "Read a delivery and its attempts",
      description: "The last ten attempts, oldest first, each with what the receiver answered.",
      tag: TAG,
      responses: {
        "200": { description: "The delivery.", headers: ["Cache-Control", "Vary"], content: ONE_DELIVERY },
      },
      errors: ["not_found"],
    },
    async handle(request, reply) {
      const delivery = await engine.webhooks.getDelivery(pathWebhookId(request), { principal: request.principal });
      return answerOne(reply, deliveryResource(delivery, { withAttempts: true }));
    },
  };
}

function retryRoute({ engine }: ServerContext): Route {
  return {
    method: "POST",
    path: `${DELIVERIES}/{id}/retry`,
    access: "webhooks:manage",
    document: {
      operationId: "retryDelivery",
      summary: "Send a delivery again, now",
      description:
        "Also one that was delivered. It gets a whole schedule of attempts, and may arrive after later events of its job.",
      tag: TAG,
      responses: { "202": { description: "It is queued.", headers: ["Cache-Control", "Vary"], content: ONE_DELIVERY } },
      errors: ["not_found", "conflict"],
    },
    async handle(request, reply) {
      const delivery = await engine.webhooks.retryDelivery(pathWebhookId(request), { principal: request.principal });
      return answerOne(reply.code(202), deliveryResource(delivery, { withAttempts: true }));
    },
  };
}
