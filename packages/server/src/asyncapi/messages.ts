// The messages of the asynchronous channels, each described once.
import { JOB_EVENT_TYPES } from "@meanwhile/protocol";
import { id, object } from "../openapi/job-schemas.js";
import { ref } from "../openapi/refs.js";
import type { JsonSchema } from "../route.js";
import { eventSchemaName, eventSummary } from "./event-schemas.js";

export interface MessageObject {
  readonly name: string;
  readonly summary: string;
  readonly contentType: string;
  readonly payload: JsonSchema;
  readonly bindings?: object;
}

const JSON_TYPE = "application/json";
const anyEvent = { oneOf: JOB_EVENT_TYPES.map((type) => ref(eventSchemaName(type))) };

const echoed = {
  type: ["string", "number"],
  maxLength: 255,
  description: "Echoed, so that answers can be told apart.",
};
const after = { type: "integer", minimum: 0, default: 0, description: "The `seq` behind which the events begin." };
const op = (name: string) => ({ const: name });

/** @param members Beside `op` and `ref`. */
function said(name: string, members: Readonly<Record<string, JsonSchema>> = {}, optional: readonly string[] = []) {
  return object({ op: op(name), ref: echoed, ...members }, ["ref", ...optional]);
}

function message(name: string, summary: string, payload: JsonSchema, contentType = JSON_TYPE): MessageObject {
  return { name, summary, contentType, payload };
}

/** What a client may send over the WebSocket in the dialect `meanwhile.v2`. */
export function socketCommands(submitJob: JsonSchema): Readonly<Record<string, MessageObject>> {
  const either = { oneOf: [said("auth", { token: { type: "string" } }), said("auth", { ticket: { type: "string" } })] };
  return {
    "socket.auth": message("auth", "Says who is calling, where no header and no ticket did.", either),
    "socket.submit": message("submit", "Submits a job, and follows it where asked.", socketSubmit(submitJob)),
    "socket.follow": message(
      "follow",
      "Follows a job from behind `after`.",
      said("follow", { jobId: id, after }, ["after"]),
    ),
    "socket.unfollow": message("unfollow", "Follows it no more.", said("unfollow", { jobId: id })),
    "socket.cancel": message("cancel", "Cancels a job.", said("cancel", { jobId: id })),
  };
}

/** The body of a submit over HTTP, with the members of the message beside it. */
function socketSubmit(submitJob: JsonSchema): JsonSchema {
  return {
    ...submitJob,
    required: ["op", "type"],
    properties: {
      op: op("submit"),
      ref: echoed,
      ...(submitJob.properties as object),
      idempotencyKey: { type: "string", minLength: 1, maxLength: 255 },
      follow: { type: "boolean", default: false },
    },
  };
}

/** What the server says in that dialect. */
export const SOCKET_ANSWERS: Readonly<Record<string, MessageObject>> = {
  "socket.ready": message("ready", "The credentials hold.", said("ready")),
  "socket.submitted": message("submitted", "The job is stored.", said("submitted", { job: ref("PushedJob") })),
  "socket.following": message("following", "Its events come from now on.", said("following", { jobId: id })),
  "socket.event": message(
    "event",
    "An event of a job that is followed.",
    object({ op: op("event"), jobId: id, event: anyEvent }),
  ),
  "socket.end": message("end", "No more comes of this job.", said("end", { jobId: id })),
  "socket.cancelled": message(
    "cancelled",
    "The job, cancelled or told to stop.",
    said("cancelled", { job: ref("PushedJob") }),
  ),
  "socket.error": message(
    "error",
    "What was asked is refused; the connection stays.",
    said("error", { jobId: id, problem: ref("Problem") }, ["jobId"]),
  ),
};

export const JOB_MESSAGES: Readonly<Record<string, MessageObject>> = {
  submit: message("submit", "A job to run.", ref("SubmitJob")),
  job: message("job", "The job as it was stored.", ref("PushedJob")),
  problem: message("problem", "Why it was refused.", ref("Problem"), "application/problem+json"),
};

/** One message per event, by its type. */
export const EVENT_MESSAGES: Readonly<Record<string, MessageObject>> = Object.fromEntries(
  JOB_EVENT_TYPES.map((type) => [type, message(type, eventSummary(type), ref(eventSchemaName(type)))]),
);

export const WEBHOOK_MESSAGES: Readonly<Record<string, MessageObject>> = {
  webhook: {
    ...message("webhook", "An event, with the job as it is after it.", ref("WebhookBody")),
    bindings: {
      http: {
        headers: {
          type: "object",
          required: ["webhook-id", "webhook-timestamp", "webhook-signature"],
          properties: {
            "webhook-id": { type: "string", description: "The delivery, the same on every attempt." },
            "webhook-timestamp": { type: "integer", description: "Seconds since 1970." },
            "webhook-signature": {
              type: "string",
              description: "`v1,` and the base64 of HMAC-SHA256, after Standard Webhooks 1.0.",
            },
          },
        },
        bindingVersion: "0.3.0",
      },
    },
  },
};
