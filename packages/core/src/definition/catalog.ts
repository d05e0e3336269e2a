// The job types of one application: names to definitions, and what their schemas say about values.
import type { Fault } from "@meanwhile/protocol";
import { escapePointer } from "@meanwhile/protocol";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigurationError } from "../errors.js";
import type { AnyJobDefinition } from "./define-job.js";
import { type JsonSchema, jsonSchemaOf } from "./json-schema.js";

export interface Catalog {
  /** In the order of their registration. */
  readonly definitions: readonly AnyJobDefinition[];
  find(type: string): AnyJobDefinition | undefined;
  /** For API documents: what callers send and what they get. */
  jsonSchemas(type: string): { readonly parameters: JsonSchema; readonly result: JsonSchema };
}

/** @throws ConfigurationError for a type that comes twice, a route that comes twice, or a schema without a JSON form. */
export function createCatalog(definitions: readonly AnyJobDefinition[]): Catalog {
  const byType = new Map<string, AnyJobDefinition>();
  const byPath = new Map<string, AnyJobDefinition>();
  const schemas = new Map<string, { parameters: JsonSchema; result: JsonSchema }>();
  for (const definition of definitions) {
    const { type } = definition;
    if (byType.has(type)) {
      throw new ConfigurationError(`The job type "${type}" is defined twice. Every type needs a name of its own.`);
    }
    byType.set(type, definition);
    schemas.set(type, {
      parameters: jsonSchemaOf(definition.parameters, { type, option: "parameters", side: "input" }),
      result: jsonSchemaOf(definition.result, { type, option: "result", side: "output" }),
    });
    if (definition.http === undefined) continue;
    const other = byPath.get(definition.http.path);
    if (other !== undefined) {
      throw new ConfigurationError(
        `The job types "${other.type}" and "${type}" both claim the route ${definition.http.path}.`,
      );
    }
    byPath.set(definition.http.path, definition);
  }
  return {
    definitions: [...byType.values()],
    find: (type) => byType.get(type),
    jsonSchemas: (type) => schemas.get(type) ?? { parameters: {}, result: {} },
  };
}

export type Validation =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Checks a value against a Standard Schema; without one, parameters must be an object. Synchronous where the schema is. */
export function validate(
  schema: StandardSchemaV1 | undefined,
  value: unknown,
  pointer: string,
): Validation | Promise<Validation> {
  if (schema === undefined) return { ok: true, value };
  const outcome = schema["~standard"].validate(value);
  return outcome instanceof Promise ? outcome.then((late) => judge(late, pointer)) : judge(outcome, pointer);
}

function judge(outcome: StandardSchemaV1.Result<unknown>, pointer: string): Validation {
  if (outcome.issues === undefined) return { ok: true, value: outcome.value };
  return {
    ok: false,
    faults: outcome.issues.map((issue) => ({ pointer: pointer + pathPointer(issue.path), detail: issue.message })),
  };
}

function pathPointer(path: StandardSchemaV1.Issue["path"] = []): string {
  return path.map((part) => `/${escapePointer(String(typeof part === "object" ? part.key : part))}`).join("");
}
