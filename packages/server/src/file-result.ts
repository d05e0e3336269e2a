// Which results are files: those of types whose result schema has a member `file` that is a UUID.
import { type Catalog, isUuid } from "@meanwhile/core";
import type { JsonSchema } from "./route.js";

export function fileResultTypes(catalog: Catalog): ReadonlySet<string> {
  const types = catalog.definitions.map(({ type }) => type);
  return new Set(types.filter((type) => hasFileMember(catalog.jsonSchemas(type).result)));
}

/** Whether the schema is an object with a member `file` that is a UUID. */
export function hasFileMember(schema: JsonSchema): boolean {
  const properties = schema.properties as Record<string, JsonSchema> | undefined;
  const file = properties?.file;
  return file !== undefined && file.type === "string" && file.format === "uuid";
}

/** The id of the file in a result's JSON text; `undefined` where it names none after all. */
export function fileOfResult(resultText: string): string | undefined {
  const result: unknown = JSON.parse(resultText);
  if (typeof result !== "object" || result === null || !("file" in result)) return undefined;
  return typeof result.file === "string" && isUuid(result.file) ? result.file : undefined;
}
