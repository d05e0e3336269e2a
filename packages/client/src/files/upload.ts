// Sends a file, from wherever it comes.
import type { FileResource } from "@meanwhile/protocol";
import type { HttpClient } from "../http/http-client.js";
import { openPath } from "./open-path.js";

/** Text is a path, and only Node has those. */
export type UploadSource = Blob | ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | string;

export interface UploadOptions {
  /** Default: the name of a File, or the last part of a path; else `file`. */
  name?: string;
  /** Default: the type of a Blob; else `application/octet-stream`. */
  mediaType?: string;
  signal?: AbortSignal;
}

/**
 * @throws ProblemError (`payload_too_large`, …); ConnectionError; TypeError for a path where there are no files.
 */
export async function upload(
  http: HttpClient,
  source: UploadSource,
  options: UploadOptions = {},
): Promise<FileResource> {
  const { bytes, name, mediaType } = await read(source);
  const { body } = await http.json<FileResource>({
    method: "POST",
    path: "api/v2/files",
    bytes,
    headers: {
      "content-type": options.mediaType ?? (mediaType || "application/octet-stream"),
      "content-disposition": disposition(options.name ?? name ?? "file"),
    },
    signal: options.signal,
    // A repeated upload makes another file at worst, which nothing names and which expires.
    limited: false,
  });
  return body;
}

interface Readable {
  readonly bytes: Blob | ReadableStream<Uint8Array>;
  readonly name: string | undefined;
  readonly mediaType: string;
}

async function read(source: UploadSource): Promise<Readable> {
  if (typeof source === "string") {
    return { bytes: await openPath(source), name: source.split(/[\\/]/).pop(), mediaType: "" };
  }
  if (source instanceof ReadableStream) return { bytes: source, name: undefined, mediaType: "" };
  if (source instanceof Uint8Array) return { bytes: new Blob([source]), name: undefined, mediaType: "" };
  const { name } = source as Blob & { name?: string };
  return { bytes: source, name, mediaType: source.type };
}

/** RFC 6266: plain for those who read no other, and as UTF-8. */
function disposition(name: string): string {
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
