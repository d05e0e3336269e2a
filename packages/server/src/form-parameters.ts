// Fields of a form as parameters of a job: text becomes what the type's schema asks for, where it plainly can.
import type { JsonSchema } from "./route.js";

/** What does not fit is left as it came, for the schema to refuse in its own words. */
export function toParameters(fields: ReadonlyMap<string, string>, schema: JsonSchema): Record<string, unknown> {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
  const parameters: Record<string, unknown> = {};
  for (const [name, text] of fields) {
    parameters[name] = Object.hasOwn(properties, name) ? convert(text, properties[name]!) : text;
  }
  return parameters;
}

const NUMBER = /^-?(?:0|[1-9]\d{0,15})(?:\.\d{1,15})?$/;

function convert(text: string, schema: JsonSchema): unknown {
  switch (schema.type) {
    case "integer":
    case "number":
      return NUMBER.test(text) ? Number(text) : text;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "array":
    case "object":
      return parseOr(text);
    default:
      return text;
  }
}

function parseOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON after all: the schema says so with the field's pointer.
    return text;
  }
}
