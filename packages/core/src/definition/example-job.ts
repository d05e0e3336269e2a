// A job that a stranger can submit at once: a type, and parameters that its own schema takes.
import { type Catalog, validate } from "./catalog.js";
import type { AnyJobDefinition } from "./define-job.js";

export interface ExampleJob {
  readonly type: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

type Schema = Readonly<Record<string, unknown>>;

/** @returns the first type for which parameters can be made up, with them; `undefined` where there is none. */
export async function findExampleJob({ definitions, jsonSchemas }: Catalog): Promise<ExampleJob | undefined> {
  for (const definition of definitions) {
    const { type } = definition;
    const parameters = exampleObject(jsonSchemas(type).parameters);
    if (parameters !== undefined && (await takes(definition, parameters))) return { type, parameters };
  }
  return undefined;
}

/** A JSON Schema says less than the schema checks. */
async function takes({ parameters: schema }: AnyJobDefinition, parameters: unknown): Promise<boolean> {
  try {
    return (await validate(schema, parameters, "")).ok;
  } catch {
    // A check of the author's own that did not expect made-up values: no example, and no reason to stop.
    return false;
  }
}

function exampleObject({ properties = {}, required = [] }: Schema): Record<string, unknown> | undefined {
  const members: Record<string, unknown> = {};
  for (const name of required as readonly string[]) {
    const value = exampleOf((properties as Readonly<Record<string, Schema>>)[name] ?? {});
    if (value === undefined) return undefined;
    members[name] = value;
  }
  return members;
}

/** @returns `undefined` where no value comes to mind. */
function exampleOf(schema: Schema): unknown {
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  for (const choices of [schema.examples, schema.enum]) if (Array.isArray(choices)) return choices[0];
  switch (schema.type) {
    case "string":
      // Names of files and the like: what fits the form would still be nobody's.
      return schema.format === undefined && schema.pattern === undefined ? "example" : undefined;
    case "integer":
    case "number":
      return Math.max(1, Number(schema.minimum ?? 1));
    case "boolean":
      return true;
    case "array":
      return [];
    case "object":
      return exampleObject(schema);
    default:
      return undefined;
  }
}
