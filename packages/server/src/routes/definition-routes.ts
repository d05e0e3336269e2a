// The routes that job definitions claim for themselves: the body is the parameters, or a form with the file in it.
import {
  type AnyJobDefinition,
  AppError,
  ConfigurationError,
  type FileRecord,
  maySubmit,
  type Submitted,
} from "@meanwhile/core";
import { findUnstorableText } from "@meanwhile/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.js";
import { hasFileMember } from "../file-result.js";
import { isForm, readUploadForm } from "../files/upload.js";
import { toParameters } from "../form-parameters.js";
import { idempotencyKeyOf } from "../idempotency.js";
import { json, ref, SUBMIT_ANSWERS } from "../openapi/refs.js";
import { requireBody } from "../register-routes.js";
import { originOf } from "../request-context.js";
import type { JsonSchema, Route } from "../route.js";
import { respondSubmitted } from "../submitting.js";
import { WEBHOOK_QUERY, webhookOfQuery } from "../webhook-query.js";

type Claiming = AnyJobDefinition & { readonly http: { readonly path: string } };

/** @throws ConfigurationError for a path that the server has itself. */
export function definitionRoutes(context: ServerContext, taken: readonly Route[]): Route[] {
  return context.catalog.definitions.filter(claims).map((definition) => {
    if (taken.some(({ path }) => path === definition.http.path)) {
      throw new ConfigurationError(
        `defineJob(${JSON.stringify(definition.type)}): http.path ${definition.http.path} is a route of the server itself. Choose another.`,
      );
    }
    return definitionRoute(context, definition);
  });
}

function claims(definition: AnyJobDefinition): definition is Claiming {
  return definition.http !== undefined;
}

function definitionRoute(context: ServerContext, definition: Claiming): Route {
  const { type, http } = definition;
  const { parameters: schema } = context.catalog.jsonSchemas(type);
  const takesFile = hasFileMember(schema);
  return {
    method: "POST",
    path: http.path,
    access: "submit",
    body: takesFile ? "json-or-form" : "json",
    takesWork: true,
    query: WEBHOOK_QUERY,
    document: {
      operationId: `submit_${type.replaceAll(/[^A-Za-z0-9_]/g, "_")}`,
      summary: definition.description ?? `Submit a job of the type ${type}`,
      description: `The body is the \`parameters\` of a job of the type \`${type}\`.`,
      tag: "Job types",
      headers: ["Idempotency-Key", "Prefer", "traceparent", "tracestate"],
      requestBody: { required: true, content: bodyContent(type, schema, takesFile) },
      responses: SUBMIT_ANSWERS,
      errors: [
        "payload_too_large",
        "unsupported_media_type",
        "invalid_parameters",
        "idempotency_key_missing",
        "idempotency_key_reused",
        "job_purged",
        "queue_full",
      ],
    },
    handle: (request, reply) =>
      takesFile && isForm(request)
        ? submitForm(context, { request, reply, type, schema })
        : submitParameters(context, { request, reply, type }),
  };
}

function bodyContent(type: string, schema: JsonSchema, takesFile: boolean): Readonly<Record<string, JsonSchema>> {
  const content = json(ref(`Parameters.${type}`));
  if (!takesFile) return content;
  const properties = { ...(schema.properties as object), file: { contentMediaType: "application/octet-stream" } };
  const form = { type: "object", properties, ...(schema.required === undefined ? {} : { required: schema.required }) };
  return { ...content, "multipart/form-data": form };
}

interface Submission {
  request: FastifyRequest;
  reply: FastifyReply;
  type: string;
}

async function submitParameters(context: ServerContext, { request, reply, type }: Submission): Promise<FastifyReply> {
  const submitted = await withOwnPointers(
    context.engine.submit(
      { type, parameters: requireBody(request), ...webhookOfQuery(request) },
      { principal: request.principal, origin: originOf(request), ...idempotencyKeyOf(request) },
    ),
  );
  return respondSubmitted(context, request, reply, submitted);
}

async function submitForm(
  context: ServerContext,
  { request, reply, type, schema }: Submission & { schema: JsonSchema },
): Promise<FastifyReply> {
  // Everything that can be known before a gigabyte is read.
  if (!maySubmit(request.principal, type)) throw lacksScope(type);
  const key = idempotencyKeyOf(request);
  const webhook = webhookOfQuery(request);
  const { fields, file } = await readUploadForm(context, request);
  const sent = toParameters(fields, schema);
  const submitted = await keepingFileOnlyIfUsed(context, file, () => {
    requireOneFile(sent, file);
    const fingerprintOf = {
      type,
      parameters: { ...sent, ...(file === undefined ? {} : { file: `sha256:${file.sha256}` }) },
      ...webhook,
    };
    const parameters = file === undefined ? sent : { ...sent, file: file.id };
    return withOwnPointers(
      context.engine.submit(
        { type, parameters, ...webhook },
        { principal: request.principal, origin: originOf(request), fingerprintOf, ...key },
      ),
    );
  });
  return respondSubmitted(context, request, reply, submitted);
}

/** A file that was uploaded with a refused or repeated request belongs to no job. */
async function keepingFileOnlyIfUsed(
  { files }: ServerContext,
  file: FileRecord | undefined,
  submit: () => Promise<Submitted>,
): Promise<Submitted> {
  let isUsed = false;
  try {
    const submitted = await submit();
    isUsed = !submitted.replayed;
    return submitted;
  } finally {
    if (!isUsed && file !== undefined) await files.eraseUnlinked([file.id]);
  }
}

function requireOneFile(sent: Record<string, unknown>, file: FileRecord | undefined): void {
  const pointer = "#/file";
  const refuse = (detail: string) =>
    new AppError("invalid_parameters", { message: `${pointer}: ${detail}`, faults: [{ pointer, detail }] });
  if (file !== undefined && "file" in sent) throw refuse("Send the file itself or the id of one, not both.");
  if (file === undefined && !("file" in sent)) throw refuse('The part "file" is missing.');
  const unstorable = findUnstorableText(sent);
  if (unstorable === undefined) return;
  const detail = "Text must not hold NUL or a lone surrogate.";
  throw new AppError("invalid_parameters", { message: detail, faults: [{ pointer: unstorable, detail }] });
}

/** Here the parameters are the whole body: pointers begin at its root. */
async function withOwnPointers(submitting: Promise<Submitted>): Promise<Submitted> {
  try {
    return await submitting;
  } catch (error) {
    if (!(error instanceof AppError) || error.faults.length === 0) throw error;
    const faults = error.faults.map((fault) => ({ ...fault, pointer: fault.pointer.replace(/^#\/parameters/, "#") }));
    const first = faults[0]!;
    throw new AppError(error.code, {
      message: `${first.pointer}: ${first.detail}`,
      details: error.details,
      faults,
      cause: error,
    });
  }
}

function lacksScope(type: string): AppError {
  const scope = `jobs:submit or jobs:submit:${type}`;
  return new AppError("forbidden", { message: `The credentials lack the scope ${scope}.`, details: { scope } });
}
