// What the server itself posts to receivers, as OpenAPI says it: callbacks of a submit, and webhooks of standing endpoints.
import type { JsonSchema } from "../route.js";
import { ref } from "./refs.js";

const HEADERS: readonly [name: string, description: string, schema: JsonSchema][] = [
  ["webhook-id", "Names the delivery, the same on every attempt: by it a repetition is noticed.", { type: "string" }],
  ["webhook-timestamp", "When this attempt was made, in seconds since 1970.", { type: "integer" }],
  [
    "webhook-signature",
    "`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; several, divided by spaces, while a secret is rotated.",
    { type: "string" },
  ],
  ["traceparent", "W3C Trace Context of the submit; absent where there was none.", { type: "string" }],
];

const ANSWERS = {
  "2XX": { description: "It arrived: the delivery is `DELIVERED`." },
  "410": { description: "No more, please: the target is sent nothing else." },
  "429": { description: "Later, please; `Retry-After` is honoured." },
  default: { description: "Redirects included: the delivery is sent again after its schedule." },
};

function postOf(operationId: string, summary: string) {
  return {
    operationId,
    summary,
    description: "Signed after Standard Webhooks 1.0. Check the signature before you trust the body.",
    tags: ["Webhooks"],
    security: [],
    parameters: HEADERS.map(([name, description, schema]) => ({
      name,
      in: "header",
      required: name !== "traceparent",
      description,
      schema,
    })),
    requestBody: { required: true, content: { "application/json": { schema: ref("WebhookBody") } } },
    responses: ANSWERS,
  };
}

/** Of a submit: posted to the address that it names itself, in its body or in its query. */
export const SUBMIT_CALLBACKS = {
  jobEvent: {
    "{$request.body#/webhook/url}": { post: postOf("receiveJobEvent", "An event of this job happened") },
    "{$request.query.webhookUrl}": { post: postOf("receiveJobEventByQuery", "An event of this job happened") },
  },
} as const;

/** Of the whole document: posted to every standing endpoint that wants the event. */
export const WEBHOOKS = {
  jobEvent: { post: postOf("receiveEndpointEvent", "An event happened that a standing endpoint wants") },
} as const;
