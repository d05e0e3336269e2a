// The shapes of webhooks, as JSON Schema: endpoints, deliveries, and what is posted to a receiver.
import { DEFAULT_WEBHOOK_EVENTS, DELIVERY_STATUSES, JOB_EVENT_TYPES, LIMITS } from "@meanwhile/protocol";
import type { JsonSchema } from "../route.js";
import { id, instant, JOB_SCHEMAS, nullable, object, page } from "./job-schemas.js";
import { ref } from "./refs.js";

const text = { type: "string" };
const count = { type: "integer", minimum: 0 };
const word = { type: "string", minLength: 1, maxLength: 255 };

const url = {
  type: "string",
  minLength: 1,
  maxLength: LIMITS.webhookUrlCharacters,
  description: "`https:`, or `http:` where the server allows it. Addresses that are not public are refused.",
};

const events = {
  type: "array",
  minItems: 1,
  items: { type: "string", enum: JOB_EVENT_TYPES },
  default: DEFAULT_WEBHOOK_EVENTS,
  description: "Which events are sent. Default: those that end a job.",
};

const types = {
  type: ["array", "null"],
  minItems: 1,
  items: word,
  default: null,
  description: "Only jobs of these types; null is all.",
};

const secret = {
  type: "string",
  pattern: "^whsec_[A-Za-z0-9+/]+={0,2}$",
  description: "`whsec_` and the base64 of 24 to 64 bytes.",
};

/** The member `webhook` of a submit. */
export const WEBHOOK_TARGET: JsonSchema = {
  type: "object",
  description: "Where the events of this job are posted to.",
  required: ["url"],
  properties: { url, events, secret: { ...secret, description: `${secret.description} Default: the caller's own.` } },
  additionalProperties: false,
};

const endpointMembers = {
  id,
  url: text,
  types: nullable({ type: "array", items: text }),
  events: { type: "array", items: { type: "string", enum: JOB_EVENT_TYPES } },
  enabled: { type: "boolean" },
  disabledReason: { ...nullable(text), description: "Why the server disabled it; null where it did not." },
  createdAt: instant,
  updatedAt: instant,
};

const deliveryMembers = {
  id: { ...id, description: "Also the header `webhook-id`, the same on every attempt." },
  jobId: id,
  seq: { type: "integer", minimum: 1 },
  eventType: { type: "string", enum: JOB_EVENT_TYPES },
  url: text,
  endpointId: { ...nullable(id), description: "Null where the job itself named the target." },
  status: { type: "string", enum: DELIVERY_STATUSES },
  attemptCount: count,
  createdAt: instant,
  nextAttemptAt: { ...nullable(instant), description: "When it is sent next; null where it is not." },
  finishedAt: nullable(instant),
};

const attempt = object({
  at: instant,
  statusCode: { ...nullable({ type: "integer" }), description: "Null where there was no answer." },
  durationMs: count,
  error: { ...nullable(text), description: "What went wrong; null where nothing did." },
  responseHead: { ...nullable(text), description: "The beginning of the answer's body." },
});

export const WEBHOOK_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  NewWebhookEndpoint: {
    type: "object",
    required: ["url"],
    properties: {
      url,
      types,
      events,
      secret: { ...secret, description: `${secret.description} Default: the server makes one.` },
      enabled: { type: "boolean", default: true },
    },
    additionalProperties: false,
  },
  WebhookEndpointChange: {
    type: "object",
    properties: { url, types, events, enabled: { type: "boolean" } },
    additionalProperties: false,
  },
  WebhookEndpoint: object(endpointMembers),
  WebhookEndpointWithSecret: object({ ...endpointMembers, secret: text }),
  WebhookEndpointPage: page(ref("WebhookEndpoint")),
  WebhookSecret: object({ secret: text }),
  WebhookRecovery: {
    type: "object",
    required: ["since"],
    properties: { since: { ...instant, description: "Everything given up at or after this instant." } },
    additionalProperties: false,
  },
  WebhookRecovered: object({ queued: { ...count, description: "How many deliveries are sent again." } }),
  Delivery: object(deliveryMembers),
  DeliveryPage: page(ref("Delivery")),
  DeliveryWithAttempts: object({ ...deliveryMembers, attempts: { type: "array", items: attempt } }),
  PushedJob: {
    ...JOB_SCHEMAS.Job,
    properties: {
      ...(JOB_SCHEMAS.Job!.properties as object),
      resultUrl: { ...text, description: "Where a result above 256 KiB is; `result` is null then." },
    },
  },
  WebhookBody: object({
    type: { type: "string", enum: JOB_EVENT_TYPES },
    timestamp: { ...instant, description: "When the event happened; the same on every attempt." },
    data: object({ job: ref("PushedJob"), event: ref("Event") }),
  }),
};
