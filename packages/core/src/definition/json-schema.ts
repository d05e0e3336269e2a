// The JSON Schema of a Standard Schema, for API documents.
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigurationError } from "../errors.js";

export type JsonSchema = Record<string, unknown>;

interface Place {
  type: string;
  option: "parameters" | "result";
  side: "input" | "output";
}

/** The part of a schema that tells its JSON form (Standard JSON Schema, https://standardschema.dev/json-schema). */
interface WithJsonSchema {
  jsonSchema?: Record<Place["side"], (options: { target: string }) => JsonSchema>;
}

/** @throws ConfigurationError where the schema has no JSON form: the API could not describe it. */
export function jsonSchemaOf(schema: StandardSchemaV1 | undefined, place: Place): JsonSchema {
  if (schema === undefined) return place.option === "parameters" ? { type: "object" } : {};
  const convert = (schema["~standard"] as StandardSchemaV1.Props & WithJsonSchema).jsonSchema?.[place.side];
  if (convert === undefined) {
    throw new ConfigurationError(
      `defineJob(${JSON.stringify(place.type)}): ${place.option} has no JSON form. Use a library that implements Standard JSON Schema, for instance Zod 4.2 or newer.`,
    );
  }
  try {
    const { $schema: _, ...rest } = convert({ target: "draft-2020-12" });
    return rest;
  } catch (cause) {
    throw new ConfigurationError(
      `defineJob(${JSON.stringify(place.type)}): ${place.option} has no JSON form: ${(cause as Error).message}. Use types that JSON can carry, for instance text for a date.`,
      { cause },
    );
  }
}
