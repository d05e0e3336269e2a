// The OpenAPI 3.1 document, drawn from the table of routes and the catalog of job types.
import type { Catalog } from "@meanwhile/core";
import { ERROR_CODES, type ErrorCode } from "@meanwhile/protocol";
import type { JsonSchema, ParameterDocument, ResponseDocument, Route } from "../route.js";
import { REQUEST_HEADERS, RESPONSE_HEADERS } from "./headers.js";
import { JOB_SCHEMAS } from "./job-schemas.js";
import { PROBLEM_SCHEMA, requestSchemas } from "./request-schemas.js";
import { WEBHOOKS } from "./webhook-requests.js";
import { WEBHOOK_SCHEMAS } from "./webhook-schemas.js";

export interface OpenApiDocument {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  /** What the server posts to others by itself. */
  readonly webhooks: Readonly<Record<string, object>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> } & Readonly<Record<string, unknown>>;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly deprecated?: boolean;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters: readonly ParameterObject[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, { schema: JsonSchema }>>;
  };
  readonly responses: Readonly<Record<string, { readonly description: string } & Readonly<Record<string, unknown>>>>;
  readonly callbacks?: Readonly<Record<string, object>>;
}

export interface ParameterObject extends ParameterDocument {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
}

const TAGS: Readonly<Record<string, string>> = {
  Submitting: "Handing in work: answered at once, stored durably before the answer.",
  "Job types": "Routes of their own that job types have; they behave like submitting.",
  Reading: "Where a job is, and what came of it.",
  Following: "What happens, as it happens: pages, streams, connections, and tickets for browsers.",
  Acting: "Cancelling and erasing.",
  Webhooks: "Events that are posted to you: where to, what became of it, and once more.",
  Files: "What is too large for JSON.",
  "Version 1": "The older, smaller contract.",
  Operations: "For whoever runs the server.",
};

export function openApiDocument(routes: readonly Route[], catalog: Catalog): OpenApiDocument {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  }
  const used = new Set(routes.map(({ document }) => document.tag));
  return {
    openapi: "3.1.0",
    info: {
      title: "meanwhile",
      version: "2",
      description:
        "Jobs that are accepted at once and run in the background. Refusals are problem documents (RFC 9457) with a stable `code`. Where the server has no credentials configured, none are needed.",
      ...{ license: { name: "MIT", identifier: "MIT" } },
    },
    tags: Object.entries(TAGS)
      .filter(([name]) => used.has(name))
      .map(([name, description]) => ({ name, description })),
    paths,
    webhooks: WEBHOOKS,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "An API key (`mw_…`) or a JSON Web Token." },
        ticket: {
          type: "apiKey",
          in: "query",
          name: "ticket",
          description:
            "For browsers, whose EventSource sends no header: reads one job, or the stream of all jobs, for a while.",
        },
      },
      headers: RESPONSE_HEADERS,
      schemas: withoutUnused(
        { ...JOB_SCHEMAS, ...WEBHOOK_SCHEMAS, ...requestSchemas(catalog), Problem: PROBLEM_SCHEMA },
        { paths, WEBHOOKS },
      ),
    },
  };
}

/** Views that only some servers have are described only there. */
function withoutUnused(schemas: Readonly<Record<string, JsonSchema>>, users: object): Record<string, JsonSchema> {
  const text = JSON.stringify([users, schemas]);
  const isUsed = (name: string) => text.includes(`"#/components/schemas/${name}"`);
  return Object.fromEntries(Object.entries(schemas).filter(([name]) => isUsed(name)));
}

function operationOf(route: Route): Operation {
  const { operationId, summary, description, tag, deprecated, requestBody, callbacks } = route.document;
  return {
    operationId,
    summary,
    ...(description === undefined ? {} : { description }),
    tags: [tag],
    ...(deprecated ? { deprecated } : {}),
    security: securityOf(route),
    parameters: parametersOf(route),
    ...(requestBody === undefined
      ? {}
      : { requestBody: { required: requestBody.required, content: contentOf(requestBody.content) } }),
    responses: responsesOf(route),
    ...(callbacks === undefined ? {} : { callbacks }),
  };
}

function securityOf({ access, ticket }: Route): Operation["security"] {
  if (access === "open") return [];
  return ticket === undefined ? [{ bearer: [] }] : [{ bearer: [] }, { ticket: [] }];
}

function parametersOf({ path, query = {}, document }: Route): ParameterObject[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(
    ([, name = ""]): ParameterObject => ({
      name,
      in: "path",
      required: true,
      description: describeId(path),
      schema: { type: "string", format: "uuid" },
    }),
  );
  const inQuery = Object.entries(query).map(([name, facts]): ParameterObject => ({ name, in: "query", ...facts }));
  const inHeader = (document.headers ?? []).map(
    (name): ParameterObject => ({ name, in: "header", ...REQUEST_HEADERS[name]! }),
  );
  return [...inPath, ...inQuery, ...inHeader];
}

function describeId(path: string): string {
  if (path.includes("/webhooks/endpoints")) return "The id of the endpoint.";
  if (path.includes("/webhooks/deliveries")) return "The id of the delivery.";
  return path.includes("files") ? "The id of the file or conversion." : "The id of the job.";
}

function responsesOf(route: Route): Operation["responses"] {
  const responses: Record<string, { description: string }> = {};
  for (const [status, response] of Object.entries(route.document.responses)) responses[status] = responseOf(response);
  for (const [status, codes] of refusalsOf(route)) {
    responses[status] ??= {
      description: codes.map((code) => `\`${code}\``).join(", "),
      ...problemContent(REFUSAL_HEADERS[status]),
    };
  }
  responses.default = { description: "Any other refusal.", ...problemContent() };
  return responses;
}

const REFUSAL_HEADERS: Readonly<Record<string, readonly string[]>> = {
  "401": ["WWW-Authenticate"],
  "429": ["Retry-After"],
  "503": ["Retry-After"],
};

function problemContent(headers: readonly string[] = []) {
  return {
    headers: headersOf(headers),
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  };
}

/** Codes by HTTP status: those of the route, and those that its kind brings with it. */
function refusalsOf({ access, body, query, takesWork, path, document }: Route): Map<string, ErrorCode[]> {
  const codes = new Set<ErrorCode>(document.errors);
  if (access !== "open") codes.add("unauthenticated").add("forbidden").add("store_unavailable");
  if (query !== undefined || body !== undefined || document.headers !== undefined) codes.add("invalid_request");
  if (path.includes("{")) codes.add("invalid_request");
  if (takesWork) codes.add("shutting_down");
  const byStatus = new Map<string, ErrorCode[]>();
  for (const code of codes) {
    const status = String(ERROR_CODES[code].httpStatus);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return byStatus;
}

function responseOf({ description, headers = [], content }: ResponseDocument) {
  return {
    description,
    headers: headersOf(headers),
    ...(content === undefined ? {} : { content: contentOf(content) }),
  };
}

function headersOf(names: readonly string[]): Record<string, JsonSchema> {
  return Object.fromEntries(["X-Request-Id", ...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function contentOf(content: Readonly<Record<string, JsonSchema>>): Record<string, { schema: JsonSchema }> {
  return Object.fromEntries(Object.entries(content).map(([mediaType, schema]) => [mediaType, { schema }]));
}
