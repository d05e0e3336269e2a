// The file behind a path, where the program runs in Node. Nothing is imported: bundlers for browsers find nothing to bundle.

interface NodeFiles {
  openAsBlob(path: string): Promise<Blob>;
  createWriteStream(path: string): object;
}

interface NodeFilePromises {
  stat(path: string): Promise<{ isFile(): boolean }>;
}

interface NodeProcess {
  getBuiltinModule?(name: string): unknown;
}

/** @throws TypeError in a browser, and for a folder; the file system's own error where the file cannot be read. */
export async function openPath(path: string): Promise<Blob> {
  // Asked first: `openAsBlob` tells neither the path nor the reason, and opens folders.
  const facts = await nodeModule<NodeFilePromises>("node:fs/promises", "upload").stat(path);
  if (!facts.isFile()) throw new TypeError(`upload: ${JSON.stringify(path)} is no file.`);
  return nodeModule<NodeFiles>("node:fs", "upload").openAsBlob(path);
}

/** Writes the stream to the path. @throws as `openPath` does. */
export async function writePath(path: string, bytes: ReadableStream<Uint8Array>): Promise<void> {
  const fs = nodeModule<NodeFiles>("node:fs", "saveTo");
  const streams = nodeModule<{ pipeline(from: unknown, to: unknown): Promise<void> }>("node:stream/promises", "saveTo");
  await streams.pipeline(bytes, fs.createWriteStream(path));
}

function nodeModule<T>(name: string, what: string): T {
  const { process } = globalThis as { process?: NodeProcess };
  const found = process?.getBuiltinModule?.(name);
  if (found !== undefined) return found as T;
  throw new TypeError(`${what}: there are no paths here, they need Node. Give a Blob, a File or a stream instead.`);
}
