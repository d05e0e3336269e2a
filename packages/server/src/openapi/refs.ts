// Short ways to say what a route answers; what the names mean stands in components.ts.
import type { JsonSchema, ResponseDocument } from "../route.js";

export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

export function json(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return { "application/json": schema };
}

const JOB_HEADERS = ["ETag", "Cache-Control", "Vary", "Retry-After"];

export const JOB_ANSWER: ResponseDocument = {
  description: "The job.",
  headers: JOB_HEADERS,
  content: json(ref("Job")),
};

export const NOT_MODIFIED: ResponseDocument = {
  description: "The job is still in the version that `If-None-Match` names.",
  headers: JOB_HEADERS,
};

/** 202 and 200 of everything that submits a job. */
export const SUBMIT_ANSWERS: Readonly<Record<string, ResponseDocument>> = {
  "200": {
    description: "The job, finished: within the wait that was asked for, or before, by the same idempotency key.",
    headers: [...JOB_HEADERS, "Location", "Operation-Location", "Preference-Applied", "Idempotent-Replayed"],
    content: json(ref("Job")),
  },
  "202": {
    description: "The job is stored and will run.",
    headers: [...JOB_HEADERS, "Location", "Operation-Location", "Preference-Applied", "Idempotent-Replayed"],
    content: json(ref("Job")),
  },
};
