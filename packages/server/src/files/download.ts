// The bytes of a file over HTTP: conditions, ranges, and headers that keep a browser from running them.
import type { FileRecord } from "@meanwhile/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { matchesEntityTag } from "../conditional.js";
import type { ServerContext } from "../context.js";
import { HttpRefusal } from "../problem.js";
import { contentDisposition } from "./file-name.js";
import { type RangeReading, readRange } from "./range.js";

export function answerFile(
  context: ServerContext,
  request: FastifyRequest,
  reply: FastifyReply,
  file: FileRecord,
): FastifyReply {
  const entityTag = `"${file.sha256}"`;
  const headers: Record<string, string> = {
    etag: entityTag,
    "accept-ranges": "bytes",
    "cache-control": "private, no-cache",
    vary: "Authorization",
  };
  const ifNoneMatch = request.headers["if-none-match"];
  if (ifNoneMatch !== undefined && matchesEntityTag(ifNoneMatch, entityTag)) {
    return reply.code(304).headers(headers).send();
  }
  const range = chosenRange(request, file, entityTag);
  if (range.kind === "unsatisfiable") {
    throw new HttpRefusal(416, `The range lies outside of the file's ${file.sizeBytes} bytes.`, {
      "content-range": `bytes */${file.sizeBytes}`,
    });
  }
  Object.assign(headers, contentHeaders(file));
  if (range.kind === "part") {
    headers["content-length"] = String(range.end - range.start + 1);
    headers["content-range"] = `bytes ${range.start}-${range.end}/${file.sizeBytes}`;
  }
  reply.code(range.kind === "part" ? 206 : 200).headers(headers);
  if (request.method === "HEAD") return reply.send();
  // Read from the disk only now: a condition that failed must cost nothing.
  const bytes = context.files.read(file, range.kind === "part" ? { start: range.start, end: range.end } : undefined);
  return reply.send(bytes);
}

function chosenRange(request: FastifyRequest, file: FileRecord, entityTag: string): RangeReading {
  const ifRange = request.headers["if-range"] as string | undefined;
  // Only a strong tag that is the same in every character lets a download go on; dates are never given out here.
  if (request.method === "HEAD" || (ifRange !== undefined && ifRange.trim() !== entityTag)) return { kind: "whole" };
  return readRange(request.headers.range, file.sizeBytes);
}

function contentHeaders(file: FileRecord): Record<string, string> {
  return {
    "content-type": file.mediaType,
    "content-length": String(file.sizeBytes),
    "content-disposition": contentDisposition(file.name),
    "repr-digest": `sha-256=:${Buffer.from(file.sha256, "hex").toString("base64")}:`,
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
  };
}
