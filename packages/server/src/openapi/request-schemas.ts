// What callers send, as JSON Schema: the envelope of a job, with one variant for each registered type.
import type { Catalog } from "@meanwhile/core";
import { ERROR_CODES, LIMITS } from "@meanwhile/protocol";
import type { JsonSchema } from "../route.js";
import { instant } from "./job-schemas.js";
import { ref } from "./refs.js";
import { WEBHOOK_TARGET } from "./webhook-schemas.js";

const word = { type: "string", minLength: 1, maxLength: 255 };
const duration = (description: string, minimum = 1): JsonSchema => ({
  type: "integer",
  minimum,
  maximum: 315_360_000_000,
  description,
});

const ENVELOPE: Readonly<Record<string, JsonSchema>> = {
  priority: {
    type: "integer",
    ...bounds(LIMITS.priority),
    default: 0,
    description: "Higher first; above 0 needs `jobs:priority`.",
  },
  runAt: { ...instant, description: "Not before this instant. Not together with `delayMs`." },
  delayMs: duration("Not before this many milliseconds from now.", 0),
  startWithinMs: duration("Fails with `expired` where it was never started within this time."),
  completeWithinMs: duration("Fails with `deadline_exceeded` where it has not finished within this time."),
  timeoutMs: duration("Longest time of one attempt; at most the type's own."),
  retentionMs: duration("How long the finished job is kept.", 0),
  callbackId: { ...word, description: "The caller's own word for the job." },
  tags: { type: "array", maxItems: 20, items: word },
  concurrencyKey: { ...word, description: "One at a time per key, in the order of submitting." },
  webhook: WEBHOOK_TARGET,
};

function bounds({ min, max }: { min: number; max: number }) {
  return { minimum: min, maximum: max };
}

export function requestSchemas(catalog: Catalog): Readonly<Record<string, JsonSchema>> {
  const types = catalog.definitions.map(({ type }) => type);
  const variants = types.map((type) => variantOf(catalog, type));
  const base = (members: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
    type: "object",
    required: ["type"],
    properties: {
      type: { type: "string", ...(types.length === 0 ? {} : { enum: types }) },
      parameters: { type: "object" },
      ...members,
    },
    additionalProperties: false,
    ...(variants.length === 0 ? {} : { oneOf: variants }),
  });
  const batchItem = base({ ...ENVELOPE, idempotencyKey: { ...word, pattern: "^[\\x20-\\x7e]+$" } });
  return {
    SubmitJob: base(ENVELOPE),
    SubmitJobV1: base({}),
    SubmitJobs: {
      type: "object",
      required: ["jobs"],
      properties: { jobs: { type: "array", minItems: 1, maxItems: LIMITS.batchJobs, items: batchItem } },
      additionalProperties: false,
    },
    ...typeSchemas(catalog),
  };
}

function variantOf(catalog: Catalog, type: string): JsonSchema {
  const { required } = catalog.jsonSchemas(type).parameters;
  const needsParameters = Array.isArray(required) && required.length > 0;
  return {
    title: type,
    required: needsParameters ? ["type", "parameters"] : ["type"],
    properties: { type: { const: type }, parameters: ref(`Parameters.${type}`) },
  };
}

function typeSchemas(catalog: Catalog): Readonly<Record<string, JsonSchema>> {
  const schemas: Record<string, JsonSchema> = {};
  for (const { type, description } of catalog.definitions) {
    const { parameters, result } = catalog.jsonSchemas(type);
    const about = description === undefined ? {} : { description };
    schemas[`Parameters.${type}`] = rooted({ ...about, ...parameters }, `Parameters.${type}`);
    schemas[`Result.${type}`] = rooted(result, `Result.${type}`);
  }
  return schemas;
}

/** References inside of a schema are to its own root, which is no longer the root of the document. */
function rooted(schema: JsonSchema, name: string): JsonSchema {
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([member, inner]) =>
        member === "$ref" && typeof inner === "string" && inner.startsWith("#")
          ? [member, `#/components/schemas/${name}${inner.slice(1)}`]
          : [member, visit(inner)],
      ),
    );
  };
  return visit(schema) as JsonSchema;
}

export const PROBLEM_SCHEMA: JsonSchema = {
  type: "object",
  description: "Why a request was refused (RFC 9457).",
  required: ["type", "title", "status", "detail", "instance", "code", "traceId"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    instance: { type: "string" },
    code: { type: "string", enum: Object.keys(ERROR_CODES) },
    traceId: { type: "string" },
    errors: {
      type: "array",
      items: {
        type: "object",
        required: ["pointer", "detail"],
        properties: { pointer: { type: "string" }, detail: { type: "string" } },
      },
    },
  },
};
