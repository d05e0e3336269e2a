// Requests drawn from the OpenAPI document: mostly near what it says, often a little off, sometimes nonsense.
import fc from "fast-check";
import type { InjectOptions } from "fastify";
import type { OpenApiDocument, Operation, ParameterObject } from "../openapi/document.js";
import type { JsonSchema } from "../route.js";

export interface FuzzedRequest {
  readonly operationId: string;
  readonly options: InjectOptions;
}

type Schemas = OpenApiDocument["components"]["schemas"];

/** @param ids Ids of jobs and files that exist. */
export function requestArbitrary(document: OpenApiDocument, ids: readonly string[]): fc.Arbitrary<FuzzedRequest> {
  const { schemas } = document.components;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      operationArbitrary({ method, path, operation }, { schemas, ids }),
    ),
  );
  return fc.oneof(...operations);
}

interface Target {
  method: string;
  path: string;
  operation: Operation;
}

function operationArbitrary({ method, path, operation }: Target, pools: { schemas: Schemas; ids: readonly string[] }) {
  const url = urlArbitrary(path, operation.parameters, pools);
  const headers = headersArbitrary(operation.parameters);
  return fc.record({ url, headers, body: bodyArbitrary(operation, pools.schemas) }).map(
    ({ url, headers, body }): FuzzedRequest => ({
      operationId: operation.operationId,
      options: {
        method: method.toUpperCase() as "GET",
        url,
        headers: { ...headers, ...body.headers },
        ...(body.payload === undefined ? {} : { payload: body.payload }),
      },
    }),
  );
}

const nastyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "",
    "\0",
    "\ud800",
    "__proto__",
    "constructor",
    "../..",
    "%00",
    "%",
    "NaN",
    "1e999",
    "-0",
    "null",
    "a".repeat(5_000),
  ),
);

function urlArbitrary(
  path: string,
  parameters: readonly ParameterObject[],
  { schemas, ids }: { schemas: Schemas; ids: readonly string[] },
) {
  const segment = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...ids) },
    { weight: 2, arbitrary: fc.uuid() },
    { weight: 1, arbitrary: nastyText.map((text) => encodeURIComponent(text.toWellFormed())) },
    { weight: 1, arbitrary: fc.constantFrom("%", "%ff", "..%2f", ";", "a b") },
  );
  const query = fc.oneof(
    { weight: 3, arbitrary: fc.constant("") },
    { weight: 4, arbitrary: queryArbitrary(parameters, schemas) },
    { weight: 1, arbitrary: nastyText.map((text) => `?${encodeURI(text.toWellFormed())}`) },
  );
  const parts = path.split(/\{\w+\}/);
  const waits = parameters.some(({ name }) => name === "timeout");
  const values = fc.array(segment, { minLength: parts.length - 1, maxLength: parts.length - 1 });
  return fc.tuple(values, query).map(([filling, search]) => {
    const filled = parts.map((part, index) => part + (filling[index] ?? "")).join("");
    return filled.replaceAll(" ", "+") + (waits ? withShortWait(search) : search);
  });
}

/** A fuzz run has no time for the waits that an endpoint makes by itself. */
function withShortWait(search: string): string {
  if (/[?&]timeout=/.test(search)) return search;
  return `${search === "" ? "?" : `${search}&`}timeout=5`;
}

function queryArbitrary(parameters: readonly ParameterObject[], schemas: Schemas): fc.Arbitrary<string> {
  const members: Record<string, fc.Arbitrary<unknown>> = {};
  for (const { name, in: place, schema } of parameters) {
    if (place !== "query") continue;
    const value = name === "timeout" ? fc.integer({ min: -5, max: 20 }) : schemaArbitrary(schema, schemas, 0);
    members[name] = fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: nastyText });
  }
  return fc.record(members, { requiredKeys: [] }).map((values) => {
    const pairs = Object.entries(values).map(
      ([name, value]) => `${name}=${encodeURIComponent(String(value).toWellFormed())}`,
    );
    return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
  });
}

const HEADER_VALUES: Readonly<Record<string, readonly string[]>> = {
  "Idempotency-Key": ["k", '"k"', "k2", '"', "", "k".repeat(300)],
  Prefer: ["respond-async", "wait=0", "wait=x", ",;=", 'a="b'],
  "If-None-Match": ["*", 'W/"1"', '"1", "2"', "W/", ",,"],
  Range: ["bytes=0-", "bytes=-1", "bytes=9-1", "bytes=0-0,1-1", "x"],
  "If-Range": ['"x"', "Sun, 22 Nov 2026 12:00:00 GMT"],
  "Content-Disposition": ['attachment; filename="a"', "attachment; filename*=UTF-8''%zz", "x"],
  traceparent: ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00", "x"],
  tracestate: ["a=1", "=,="],
};

function headersArbitrary(parameters: readonly ParameterObject[]): fc.Arbitrary<Record<string, string>> {
  const names = parameters.filter((parameter) => parameter.in === "header").map(({ name }) => name);
  const members = Object.fromEntries(
    names.map((name) => {
      const some = fc.constantFrom(...(HEADER_VALUES[name] ?? ["x"]));
      // The same few keys over and over would be refused nearly every time.
      const value = name === "Idempotency-Key" ? fc.oneof({ weight: 6, arbitrary: fc.uuid() }, some) : some;
      return [name.toLowerCase(), value];
    }),
  );
  return fc.record(members, { requiredKeys: [] }) as fc.Arbitrary<Record<string, string>>;
}

interface Body {
  readonly payload?: string | Buffer;
  readonly headers: Record<string, string>;
}

const MEDIA_TYPES = [
  "application/json",
  "application/json; charset=utf-8",
  "text/plain",
  "multipart/form-data",
  "multipart/form-data; boundary=b",
  "x",
  "application/xml",
];

function bodyArbitrary({ requestBody }: Operation, schemas: Schemas): fc.Arbitrary<Body> {
  const none = fc.constant<Body>({ headers: {} });
  const wild = fc
    .tuple(
      fc.oneof(
        fc.json(),
        nastyText.map((text) => text.toWellFormed()),
      ),
      fc.constantFrom(...MEDIA_TYPES),
    )
    .map(([payload, type]): Body => ({ payload, headers: { "content-type": type } }));
  const bytes = fc
    .uint8Array({ maxLength: 200 })
    .map((payload): Body => ({ payload: Buffer.from(payload), headers: { "content-type": "application/json" } }));
  const schema = requestBody?.content["application/json"]?.schema;
  if (schema === undefined) return fc.oneof({ weight: 4, arbitrary: none }, { weight: 1, arbitrary: wild });
  const close = schemaArbitrary(schema, schemas, 0).map((value) => jsonBody(value));
  const off = fc
    .tuple(schemaArbitrary(schema, schemas, 0), fc.string({ maxLength: 12 }), fc.jsonValue({ maxDepth: 3 }))
    .map(([value, name, more]) => jsonBody(typeof value === "object" ? { ...value, [name]: more } : more));
  const cut = close.map(({ payload, headers }): Body => ({ payload: String(payload).slice(0, -1), headers }));
  return fc.oneof(
    { weight: 10, arbitrary: close },
    { weight: 5, arbitrary: off },
    { weight: 2, arbitrary: wild },
    { weight: 1, arbitrary: cut },
    { weight: 1, arbitrary: bytes },
    { weight: 1, arbitrary: none },
  );
}

function jsonBody(value: unknown): Body {
  return { payload: JSON.stringify(value) ?? "null", headers: { "content-type": "application/json" } };
}

const DEEPEST = 6;

function schemaArbitrary(schema: JsonSchema, schemas: Schemas, depth: number): fc.Arbitrary<unknown> {
  if (typeof schema.$ref === "string") {
    return schemaArbitrary(schemas[schema.$ref.replace("#/components/schemas/", "")] ?? {}, schemas, depth);
  }
  if (depth > DEEPEST) return fc.constant(null);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  const fitting = typedArbitrary(schema, schemas, depth);
  // A value of another kind here and there.
  return fc.oneof({ weight: 30, arbitrary: fitting }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) });
}

function typedArbitrary(schema: JsonSchema, schemas: Schemas, depth: number): fc.Arbitrary<unknown> {
  const {
    minimum = -5,
    maximum = 1_000,
    format,
    minLength = 0,
  } = schema as Record<string, number> & { format?: string };
  switch (schema.type) {
    case "object":
      return objectArbitrary(schema, schemas, depth);
    case "array":
      return fc.array(schemaArbitrary((schema.items ?? {}) as JsonSchema, schemas, depth + 1), { maxLength: 4 });
    case "integer":
      return fc.oneof(
        fc.integer({ min: Math.max(minimum, -1e9), max: Math.min(maximum, 1e9) }),
        fc.constantFrom(minimum, maximum, maximum + 1),
      );
    case "number":
      return fc.double();
    case "boolean":
      return fc.boolean();
    case "string":
      if (format === "uuid") return fc.uuid();
      if (format === "date-time") return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
      return fc.string({ unit: "grapheme", minLength, maxLength: 40 });
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objectArbitrary(schema: JsonSchema, schemas: Schemas, depth: number): fc.Arbitrary<unknown> {
  const variants = (schema.oneOf ?? [{}]) as readonly JsonSchema[];
  return fc.constantFrom(...variants).chain((variant) => {
    const properties = { ...(schema.properties as object), ...(variant.properties as object) } as Record<
      string,
      JsonSchema
    >;
    const required = new Set([...((schema.required ?? []) as string[]), ...((variant.required ?? []) as string[])]);
    const names = Object.keys(properties);
    const members = Object.fromEntries(
      names.map((name) => [name, schemaArbitrary(properties[name]!, schemas, depth + 1)]),
    );
    const optional = names.filter((name) => !required.has(name));
    // Few of the optional members at a time, else nearly every request would fail by one of them.
    const some = fc.subarray(optional, { maxLength: Math.min(2, optional.length) });
    return some.chain((chosen) => {
      const all = [...required, ...chosen].filter((name) => name in members);
      return fc.record(Object.fromEntries(all.map((name) => [name, members[name]!])));
    });
  });
}
