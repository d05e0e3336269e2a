// Files: uploaded, downloaded, removed.

import type { FileRecord } from "@meanwhile/core";
import { type FileResource, LIMITS, toInstantText } from "@meanwhile/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.js";
import { answerFile } from "../files/download.js";
import { saveUpload } from "../files/upload.js";
import { JSON_TYPE } from "../job-answer.js";
import { json, ref } from "../openapi/refs.js";
import { pathFileId } from "../query.js";
import type { OperationDocument, Route } from "../route.js";

export function fileRoutes(context: ServerContext): Route[] {
  return [
    uploadRoute(context),
    ...downloadRoutes(context, "/api/v2/files/{id}", "File"),
    {
      method: "DELETE",
      path: "/api/v2/files/{id}",
      access: "submit",
      document: {
        operationId: "deleteFile",
        summary: "Remove a file",
        tag: "Files",
        responses: { "204": { description: "It is gone." } },
        errors: ["file_not_found"],
      },
      async handle(request, reply) {
        await context.files.remove(pathFileId(request), { principal: request.principal });
        return reply.code(204).send();
      },
    },
  ];
}

function uploadRoute(context: ServerContext): Route {
  return {
    method: "POST",
    path: "/api/v2/files",
    access: "submit",
    body: "bytes",
    takesWork: true,
    document: {
      operationId: "uploadFile",
      summary: "Upload a file",
      description: `As the part \`file\` of a form, or as a bare body with \`Content-Type\` and \`Content-Disposition\`. At most ${LIMITS.fileBytes / 2 ** 20} MiB unless configured otherwise; the bytes are streamed.`,
      tag: "Files",
      headers: ["Content-Disposition"],
      requestBody: {
        required: true,
        content: {
          "multipart/form-data": {
            type: "object",
            required: ["file"],
            properties: { file: { contentMediaType: "application/octet-stream" } },
          },
          "application/octet-stream": { contentMediaType: "application/octet-stream" },
        },
      },
      responses: {
        "201": { description: "It is kept.", headers: ["Location"], content: json(ref("File")) },
      },
      errors: ["payload_too_large"],
    },
    async handle(request, reply) {
      const file = await saveUpload(context, request);
      return reply
        .code(201)
        .headers({ "content-type": JSON_TYPE, "cache-control": "no-store", location: `/api/v2/files/${file.id}` })
        .send(JSON.stringify(fileResource(file)));
    },
  };
}

export function fileResource(file: FileRecord): FileResource {
  const { id, name, mediaType, sizeBytes, sha256 } = file;
  return {
    id,
    name,
    mediaType,
    sizeBytes,
    sha256,
    createdAt: toInstantText(file.createdAt),
    expiresAt: toInstantText(file.expiresAt),
  };
}

/** GET and HEAD of a file's bytes under some path. */
export function downloadRoutes(context: ServerContext, path: string, name: string): Route[] {
  const handle = async (request: FastifyRequest, reply: FastifyReply) => {
    const file = await context.files.get(pathFileId(request), { principal: request.principal });
    return answerFile(context, request, reply, file);
  };
  const headers = ["ETag", "Accept-Ranges", "Content-Disposition", "Cache-Control", "Vary", "Repr-Digest"];
  const bytes = { "application/octet-stream": { contentMediaType: "application/octet-stream" } };
  const document = (method: "get" | "head", content: object): OperationDocument => ({
    operationId: `${method}${name}`,
    summary: method === "get" ? "Download a file" : "Read the headers of a file",
    description: "One range is served (`Range`, `If-Range`); the bytes come as an attachment.",
    tag: "Files",
    headers: ["If-None-Match", "Range", "If-Range"],
    responses: {
      "200": { description: "The bytes.", headers, ...content },
      "206": { description: "The bytes of the range.", headers: [...headers, "Content-Range"], ...content },
      "304": {
        description: "The file is the one that `If-None-Match` names.",
        headers: ["ETag", "Cache-Control", "Vary"],
      },
      "416": {
        description: "The range lies outside of the file.",
        headers: ["Content-Range"],
        content: { "application/problem+json": ref("Problem") },
      },
    },
    errors: ["file_not_found"],
  });
  return [
    { method: "GET", path, access: "jobs:read", document: document("get", { content: bytes }), handle },
    { method: "HEAD", path, access: "jobs:read", document: document("head", {}), handle },
  ];
}
