// For tests: converts bytes as a job would, and gives back what a caller could observe.
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { convert } from "../convert.js";
import type { Format, TargetFormat } from "../formats.js";
import { withWorkFolder } from "../work-folder/work-folder.js";

export interface Converted {
  readonly bytes: Buffer;
  readonly name: string;
  readonly mediaType: string;
  readonly notes: readonly string[];
  readonly progress: readonly Reported[];
}

export interface Reported {
  readonly fraction: number;
  readonly message: string;
  readonly steps: { currentStep: number; totalSteps: number } | undefined;
}

export interface Source {
  readonly name: string;
  readonly bytes: Uint8Array | string;
}

export interface ConvertOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (reported: Reported) => void;
}

export async function convertBytes(
  source: Source,
  targetFormat: TargetFormat,
  options: ConvertOptions = {},
): Promise<Converted> {
  return withWorkFolder(async (workFolder) => {
    const sourcePath = path.join(workFolder, "source");
    await writeFile(sourcePath, source.bytes);
    const progress: Reported[] = [];
    const conversion = await convert({
      sourcePath,
      sourceName: source.name,
      targetFormat,
      workFolder,
      signal: options.signal ?? new AbortController().signal,
      async onProgress(fraction, message, steps) {
        progress.push({ fraction, message, steps });
        options.onProgress?.({ fraction, message, steps });
      },
    });
    const { name, mediaType, notes } = conversion;
    return { bytes: await readFile(conversion.path), name, mediaType, notes, progress };
  });
}

/** The code and message of the failure; a conversion that succeeds fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<{ code: unknown; message: string }> {
  const outcome = await promise.then(
    () => undefined,
    (error: Error & { code?: unknown }) => ({ code: error.code, message: error.message }),
  );
  if (outcome === undefined) throw new Error("The conversion was expected to fail, and succeeded.");
  return outcome;
}

export function namedAs(format: Format, bytes: Uint8Array | string): Source {
  return { name: `source.${format}`, bytes };
}
