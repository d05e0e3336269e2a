// A file's bytes as they come, or whole.
import type { HttpClient } from "../http/http-client.js";
import { writePath } from "./open-path.js";

export interface DownloadedFile {
  readonly name: string;
  readonly mediaType: string;
  /** `undefined` where the answer does not say. */
  readonly sizeBytes: number | undefined;
  /** The bytes; can be taken once, like each of the following. */
  stream(): ReadableStream<Uint8Array>;
  blob(): Promise<Blob>;
  text(): Promise<string>;
  /** In Node: writes the bytes to a path. */
  saveTo(path: string): Promise<void>;
}

export async function download(
  http: HttpClient,
  fileId: string,
  { signal }: { signal?: AbortSignal } = {},
): Promise<DownloadedFile> {
  const response = await http.open({
    path: `api/v2/files/${encodeURIComponent(fileId)}`,
    headers: { accept: "*/*" },
    signal,
  });
  const length = response.headers.get("content-length");
  const stream = () => {
    if (response.bodyUsed)
      throw new TypeError("The bytes of this download have been taken already. Download it again.");
    return response.body ?? new Blob([]).stream();
  };
  return {
    name: nameIn(response.headers.get("content-disposition")) ?? "file",
    mediaType: response.headers.get("content-type") ?? "application/octet-stream",
    sizeBytes: length === null ? undefined : Number(length),
    stream,
    blob: () => response.blob(),
    text: () => response.text(),
    saveTo: (path) => writePath(path, stream()),
  };
}

function nameIn(disposition: string | null): string | undefined {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? "")?.[1];
  if (encoded !== undefined) {
    try {
      return decodeURIComponent(encoded);
    } catch {
      // Not encoded as it says: the plain name has to do.
    }
  }
  return /filename="([^"]*)"/i.exec(disposition ?? "")?.[1];
}
