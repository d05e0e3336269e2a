// The shapes of jobs and of what hangs on them, as JSON Schema. A test compares them with real answers.

import { JOB_EVENT_TYPES, JOB_STATUSES, LOG_LEVELS } from "@meanwhile/protocol";
import { TICKET_TTL_MS } from "../auth/tickets.js";
import type { JsonSchema } from "../route.js";
import { ref } from "./refs.js";

export const id = { type: "string", format: "uuid" };
export const instant = { type: "string", format: "date-time" };
const text = { type: "string" };
const count = { type: "integer", minimum: 0 };

/** The same schema, or null. */
export function nullable(schema: JsonSchema): JsonSchema {
  return typeof schema.type === "string"
    ? { ...schema, type: [schema.type, "null"] }
    : { anyOf: [schema, { type: "null" }] };
}

/** An object with all of these members and no others. */
export function object(properties: Readonly<Record<string, JsonSchema>>, optional: readonly string[] = []): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", required, properties, additionalProperties: false };
}

export function page(items: JsonSchema): JsonSchema {
  return object({ items: { type: "array", items }, nextCursor: nullable(text) });
}

const status = { type: "string", enum: JOB_STATUSES };
const stepFields = { currentStep: nullable(count), totalSteps: nullable(count) };
const remaining = { estimatedTimeRemainingMs: nullable(count) };

const Job = object({
  id,
  type: text,
  status,
  statusUrl: text,
  parameters: { description: "As they were sent." },
  progress: { type: "number", minimum: 0, maximum: 1 },
  message: nullable(text),
  ...stepFields,
  ...remaining,
  priority: { type: "integer" },
  attempt: { ...count, description: "Runs that failed, timed out or lost their lease, plus the current one." },
  maxAttempts: count,
  queuePosition: {
    ...nullable(count),
    description: "An estimate, counted from 1; only of a ready job that is read alone.",
  },
  cancelRequested: { type: "boolean" },
  callbackId: nullable(text),
  webhookEnabled: { type: "boolean" },
  tags: { type: "array", items: text },
  createdAt: instant,
  updatedAt: instant,
  startedAt: nullable(instant),
  completedAt: nullable(instant),
  runAt: instant,
  startBy: nullable(instant),
  completeBy: nullable(instant),
  purgeAt: { ...nullable(instant), description: "When the finished job goes." },
  result: { description: "What the job gave; null until it is COMPLETED." },
  error: nullable(ref("JobError")),
  rerunOf: nullable(id),
  lastSeq: { ...count, description: "The number of the job's latest event." },
  links: object({ self: text, events: text, progress: text, result: text, logs: text, cancel: text }),
});

const Event = object({
  jobId: id,
  seq: { type: "integer", minimum: 1, description: "Counts 1, 2, 3 … per job, without gaps." },
  type: { type: "string", enum: JOB_EVENT_TYPES },
  status: { ...status, description: "The job's status after the event." },
  at: instant,
  attempt: count,
  data: { type: "object" },
});

const TICKET_TTL = {
  type: "integer",
  minimum: TICKET_TTL_MS.min,
  maximum: TICKET_TTL_MS.max,
  default: TICKET_TTL_MS.default,
  description: "How long it holds, in milliseconds; shorter where the credential ends earlier.",
};

const LogLine = object({
  seq: count,
  at: instant,
  level: { type: "string", enum: LOG_LEVELS },
  message: text,
  fields: nullable({ type: "object" }),
  attempt: count,
});

export const JOB_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Job,
  JobError: object({ code: text, message: text, details: {} }, ["details"]),
  JobList: object({ items: { type: "array", items: ref("Job") } }),
  JobPage: page(ref("Job")),
  Progress: object({
    id,
    status,
    progressPercentage: { type: "number", minimum: 0, maximum: 100 },
    ...stepFields,
    ...remaining,
    message: nullable(text),
  }),
  Event,
  EventPage: page(ref("Event")),
  NewTicket: object({ ttlMs: TICKET_TTL }, ["ttlMs"]),
  Ticket: object({ ticket: text, expiresAt: instant }),
  LogLine,
  LogPage: page(ref("LogLine")),
  Operation: object(
    {
      id,
      status: { type: "string", enum: ["NotStarted", "Running", "Succeeded", "Failed", "Canceled"] },
      result: {},
      error: object({ code: text, message: text }),
    },
    ["result", "error"],
  ),
  JobV1: object(
    {
      id,
      status: { type: "string", enum: ["PENDING", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"] },
      statusUrl: text,
      result: {},
      error: ref("JobError"),
    },
    ["result", "error"],
  ),
  Conversion: object(
    {
      id,
      status,
      progress: { type: "number", minimum: 0, maximum: 1 },
      message: nullable(text),
      downloadUrl: text,
      error: ref("JobError"),
    },
    ["downloadUrl", "error"],
  ),
  File: object({
    id,
    name: text,
    mediaType: text,
    sizeBytes: count,
    sha256: { type: "string", pattern: "^[0-9a-f]{64}$" },
    createdAt: instant,
    expiresAt: nullable(instant),
  }),
};
