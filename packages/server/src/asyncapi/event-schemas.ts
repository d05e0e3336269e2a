// Every event of a job with what it carries, as JSON Schema: held by the compiler to the table of events in protocol.
import { JOB_EVENT_TYPES, type JobEventData, type JobEventType } from "@meanwhile/protocol";
import { instant, JOB_SCHEMAS, object } from "../openapi/job-schemas.js";
import { ref } from "../openapi/refs.js";
import type { JsonSchema } from "../route.js";

interface EventFacts<Data> {
  readonly summary: string;
  /** Every member that the event may have. */
  readonly data: { readonly [Name in keyof Required<Data> as string extends Name ? never : Name]: JsonSchema };
  /** Those that it may lack. */
  readonly optional?: readonly (keyof Data & string)[];
  /** Members that are nowhere listed. */
  readonly open?: true;
}

const text = { type: "string" };
const count = { type: "integer", minimum: 0 };
const number = { type: "integer" };
const error = ref("JobError");
const maybeError = { anyOf: [error, { type: "null" }] };
const steps = { type: "array", items: text };

const EVENTS: { readonly [Type in JobEventType]: EventFacts<JobEventData[Type]> } = {
  "job.submitted": {
    summary: "The job is stored. Always `seq` 1.",
    data: { type: text, priority: number, runAt: instant, rerunOf: { type: "string", format: "uuid" } },
    optional: ["rerunOf"],
  },
  "job.started": { summary: "A worker has the lease.", data: { attempt: count, workerId: text } },
  "job.progress": {
    summary: "How far it is, 0 to 1. Throttled; the last one always comes.",
    data: {
      progress: { type: "number", minimum: 0, maximum: 1 },
      message: text,
      currentStep: count,
      totalSteps: count,
    },
    optional: ["message", "currentStep", "totalSteps"],
  },
  "job.output": {
    summary: "A partial result, in order. Output of a new attempt replaces that of earlier attempts.",
    data: { chunk: { description: "Any JSON, at most 64 KiB." } },
  },
  "job.retrying": {
    summary: "The attempt ended without success and another follows, not before `runAt`.",
    data: { attempt: count, error, runAt: instant },
  },
  "job.cancel_requested": { summary: "Somebody asked a running job to stop.", data: { by: text } },
  "job.completed": {
    summary: "It is done.",
    data: { result: { description: "What the job gave; null where `resultUrl` says where it is (above 256 KiB)." } },
  },
  "job.failed": { summary: "It failed for good.", data: { error } },
  "job.cancelled": { summary: "It was cancelled.", data: { by: text } },
  "job.step_completed": { summary: "A step that can be undone is done.", data: { step: text }, open: true },
  "job.step_undone": { summary: "A step was undone.", data: { step: text }, open: true },
  "job.rollback_required": { summary: "Completed steps must be undone.", data: { error, steps } },
  "job.rollback_started": { summary: "A worker undoes them.", data: { error: maybeError, steps } },
  "job.rollback_completed": { summary: "All are undone.", data: { error: maybeError, steps } },
};

export function eventSummary(type: JobEventType): string {
  return EVENTS[type].summary;
}

export function eventSchemaName(type: JobEventType): string {
  return `Event.${type}`;
}

/** One schema per event, by its name in the document: OpenAPI's `Event`, with its type and data said exactly. */
export function eventSchemas(): Readonly<Record<string, JsonSchema>> {
  const { properties } = JOB_SCHEMAS.Event as { properties: Readonly<Record<string, JsonSchema>> };
  const named = JOB_EVENT_TYPES.map((type) => {
    const exactly = { ...properties, type: { const: type }, data: dataSchema(type) };
    return [eventSchemaName(type), { description: eventSummary(type), ...object(exactly) }] as const;
  });
  return Object.fromEntries(named);
}

function dataSchema(type: JobEventType): JsonSchema {
  const { data, optional = [], open } = EVENTS[type] as EventFacts<Record<string, unknown>>;
  const pushed: Record<string, JsonSchema> =
    type === "job.completed" ? { resultUrl: { ...text, description: "Where a large result is." } } : {};
  const schema = object({ ...data, ...pushed }, [...optional, ...Object.keys(pushed)]);
  return open === true ? { ...schema, additionalProperties: true } : schema;
}
