// Takes an upload, as a form or as a bare body, and keeps it as a file of the caller's owner.
import { PassThrough, type Readable } from "node:stream";
import { AppError, type FileRecord } from "@meanwhile/core";
import type { FastifyRequest } from "fastify";
import type { ServerContext } from "../context.js";
import { fileNameOf, nameInDisposition } from "./file-name.js";
import { type Form, readForm } from "./form.js";
import { mediaTypeOf } from "./media-type.js";

export function isForm(request: FastifyRequest): boolean {
  return /^multipart\/form-data\b/i.test(request.headers["content-type"] ?? "");
}

/** @throws AppError `payload_too_large`, `invalid_request`, `store_unavailable`. */
export async function saveUpload(context: ServerContext, request: FastifyRequest): Promise<FileRecord> {
  requireFitting(request, context.files.maxBytes);
  if (!isForm(request)) return saveBody(context, request);
  const { file, fields } = await readUploadForm(context, request);
  if (file !== undefined && fields.size === 0) return file;
  if (file !== undefined) await context.files.eraseUnlinked([file.id]);
  throw new AppError("invalid_request", {
    message:
      file === undefined
        ? 'The form has no part "file".'
        : "The form has fields besides the file; an upload takes the file alone.",
  });
}

export function readUploadForm(context: ServerContext, request: FastifyRequest): Promise<Form> {
  requireFitting(request, context.files.maxBytes);
  const { owner } = request.principal;
  return readForm(request.raw, {
    save: (bytes, about) => context.files.save(bytes, { owner, ...about }),
    discard: (file) => context.files.eraseUnlinked([file.id]),
  });
}

/** The whole form or body is a little larger than the file; a declared length far beyond it need not be read at all. */
const FORM_ROOM_BYTES = 8 * 1024 * 1024;

function requireFitting(request: FastifyRequest, maxBytes: number): void {
  const declared = Number(request.headers["content-length"]);
  if (declared > maxBytes + (isForm(request) ? FORM_ROOM_BYTES : 0)) {
    throw new AppError("payload_too_large", { message: `A file may have at most ${maxBytes} bytes.` });
  }
}

function saveBody({ files }: ServerContext, request: FastifyRequest): Promise<FileRecord> {
  return files.save(detached(request), {
    owner: request.principal.owner,
    name: fileNameOf(nameInDisposition(request.headers["content-disposition"])),
    mediaType: mediaTypeOf(request.headers["content-type"]),
  });
}

/** The body as a stream that may be destroyed without taking the connection with it: the refusal still has to be sent. */
function detached(request: FastifyRequest): Readable {
  const body = new PassThrough();
  request.raw.once("close", () => {
    if (!request.raw.readableEnded) body.destroy(new AppError("invalid_request", { message: "The body breaks off." }));
  });
  request.raw.pipe(body);
  return body;
}
