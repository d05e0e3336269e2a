// Standing webhook endpoints: made, read, changed, removed; their secrets, and what they missed.
import { webhookEndpointResource } from "@meanwhile/core";
import { LIMITS } from "@meanwhile/protocol";
import type { ServerContext } from "../context.js";
import { json, ref } from "../openapi/refs.js";
import { CURSOR_PARAMETER, LIMIT_PARAMETER, pathWebhookId, queryLimit, queryText } from "../query.js";
import { requireBody } from "../register-routes.js";
import type { Route } from "../route.js";
import { answerOne, answerPage, answerSecret } from "./webhook-answers.js";

const ENDPOINTS = "/api/v2/webhooks/endpoints";

const WEBHOOKS = { access: "webhooks:manage" } as const;
const TAG = "Webhooks";
const BODY_ERRORS = ["payload_too_large", "unsupported_media_type", "invalid_parameters"] as const;
const READ_HEADERS = ["Cache-Control", "Vary"];

export function webhookEndpointRoutes(context: ServerContext): Route[] {
  return [
    listRoute(context),
    createRoute(context),
    getRoute(context),
    changeRoute(context),
    removeRoute(context),
    rotateRoute(context),
    recoverRoute(context),
    secretRoute(context),
  ];
}

function listRoute({ engine }: ServerContext): Route {
  return {
    ...WEBHOOKS,
    method: "GET",
    path: ENDPOINTS,
    query: { limit: LIMIT_PARAMETER, cursor: CURSOR_PARAMETER },
    document: {
      operationId: "listWebhookEndpoints",
      summary: "List standing endpoints, newest first",
      tag: TAG,
      responses: {
        "200": {
          description: "A page of endpoints.",
          headers: [...READ_HEADERS, "Link"],
          content: json(ref("WebhookEndpointPage")),
        },
      },
    },
    async handle(request, reply) {
      const cursor = queryText(request, "cursor");
      const { items, nextCursor } = await engine.webhooks.listEndpoints(
        { limit: queryLimit(request), ...(cursor === undefined ? {} : { cursor }) },
        { principal: request.principal },
      );
      return answerPage(request, reply, { items: items.map((item) => webhookEndpointResource(item)), nextCursor });
    },
  };
}

function createRoute({ engine }: ServerContext): Route {
  return {
    ...WEBHOOKS,
    method: "POST",
    path: ENDPOINTS,
    body: "json",
    takesWork: true,
    document: {
      operationId: "createWebhookEndpoint",
      summary: "Make a standing endpoint",
      description: `Every event that commits from then on is matched against it. The secret is shown in this answer and never again. At most ${LIMITS.webhookEndpoints} of one owner.`,
      tag: TAG,
      requestBody: { required: true, content: json(ref("NewWebhookEndpoint")) },
      responses: {
        "201": {
          description: "It is there, and this is its secret.",
          headers: ["Location", "Cache-Control"],
          content: json(ref("WebhookEndpointWithSecret")),
        },
      },
      errors: [...BODY_ERRORS, "quota_exceeded"],
    },
    async handle(request, reply) {
      const { endpoint, secret } = await engine.webhooks.createEndpoint(requireBody(request), {
        principal: request.principal,
      });
      reply.code(201).header("location", `${ENDPOINTS}/${endpoint.id}`);
      return answerSecret(reply, webhookEndpointResource(endpoint, { secret }));
    },
  };
}

const ONE_ENDPOINT = { description: "The endpoint.", headers: READ_HEADERS, content: json(ref("WebhookEndpoint")) };

function getRoute({ engine }: ServerContext): Route {
  return {
    ...WEBHOOKS,
    method: "GET",
    path: `${ENDPOINTS}/{id}`,
    document: {
      operationId: "getWebhookEndpoint",
      summary: "Read a standing endpoint",
      tag: TAG,
      responses: { "200": ONE_ENDPOINT },
      errors: ["not_found"],
    },
    async handle(request, reply) {
      const endpoint = await engine.webhooks.getEndpoint(pathWebhookId(request), { principal: request.principal });
      return answerOne(reply, webhookEndpointResource(endpoint));
    },
  };
}

function changeRoute({ engine }: ServerContext): Route {
  return {
    ...WEBHOOKS,
    method: "PATCH",
    path: `${ENDPOINTS}/{id}`,
    body: "json",
    document: {
      operationId: "changeWebhookEndpoint",
      summary: "Change a standing endpoint",
      description:
        "What is left out stays. Disabling stops the deliveries that are not finished; enabling sends what happens from then on.",
      tag: TAG,
      requestBody: { required: true, content: json(ref("WebhookEndpointChange")) },
      responses: { "200": ONE_ENDPOINT },
      errors: [...BODY_ERRORS, "not_found"],
    },
    async handle(request, reply) {
      const endpoint = await engine.webhooks.updateEndpoint(pathWebhookId(request), requireBody(request), {
        principal: request.principal,
      });
      return answerOne(reply, webhookEndpointResource(endpoint));
    },
  };
}

function removeRoute({ engine }: ServerContext): Route {
  return {
    ...WEBHOOKS,
    method: "DELETE",
    path: `${ENDPOINTS}/{id}`,
    document: {
      operationId: "deleteWebhookEndpoint",
      summary: "Remove a standing endpoint",
      description: "Its deliveries that are not finished are stopped; all of them stay readable.",
      tag: TAG,
      responses: { "204": { description: "It is gone." } },
      errors: ["not_found"],
    },
    async handle(request, reply) {
      await engine.webhooks.removeEndpoint(pathWebhookId(request), { principal: request.principal });
      return reply.code(204).send();
    },
  };
}

const ONE_SECRET = { description: "The secret.", headers: ["Cache-Control"], content: json(ref("WebhookSecret")) };

function rotateRoute({ engine }: ServerContext): Route {
  return {
    ...WEBHOOKS,
    method: "POST",
    path: `${ENDPOINTS}/{id}/rotate-secret`,
    document: {
      operationId: "rotateWebhookSecret",
      summary: "Make a new secret for an endpoint",
      description: "For 24 hours both sign. The new one is shown in this answer and never again.",
      tag: TAG,
      responses: { "200": ONE_SECRET },
      errors: ["not_found"],
    },
    async handle(request, reply) {
      const { secret } = await engine.webhooks.rotateSecret(pathWebhookId(request), { principal: request.principal });
      return answerSecret(reply, { secret });
    },
  };
}

function recoverRoute({ engine }: ServerContext): Route {
  return {
    ...WEBHOOKS,
    method: "POST",
    path: `${ENDPOINTS}/{id}/recover`,
    body: "json",
    document: {
      operationId: "recoverWebhookEndpoint",
      summary: "Send again what an endpoint missed",
      description: "Every delivery that was given up at or after `since` gets a whole schedule of attempts again.",
      tag: TAG,
      requestBody: { required: true, content: json(ref("WebhookRecovery")) },
      responses: { "202": { description: "They are queued.", content: json(ref("WebhookRecovered")) } },
      errors: [...BODY_ERRORS, "not_found", "conflict"],
    },
    async handle(request, reply) {
      const { queued } = await engine.webhooks.recover(pathWebhookId(request), requireBody(request), {
        principal: request.principal,
      });
      return answerOne(reply.code(202), { queued });
    },
  };
}

function secretRoute({ engine }: ServerContext): Route {
  return {
    ...WEBHOOKS,
    method: "GET",
    path: "/api/v2/webhooks/secret",
    document: {
      operationId: "getWebhookSecret",
      summary: "Read the secret of your own",
      description:
        "It signs what is sent for jobs whose `webhook` has no secret itself. It is made when somebody first needs it.",
      tag: TAG,
      responses: { "200": ONE_SECRET },
    },
    async handle(request, reply) {
      return answerSecret(reply, await engine.webhooks.ownSecret({ principal: request.principal }));
    },
  };
}
