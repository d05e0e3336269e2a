// The job type `files.convert`: brings a file of the owner to disk, converts it, keeps the outcome as a new file.
import { createReadStream, createWriteStream } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { defineJob, type JobContext, NonRetryableError } from "meanwhile";
import { z } from "zod";
import { ConversionError } from "./conversion-error.js";
import { convert } from "./convert.js";
import { targetFormats } from "./formats.js";
import { sweepOnce, withWorkFolder } from "./work-folder/work-folder.js";

const parametersSchema = z.strictObject({
  /** The id of an uploaded file. */
  file: z.uuid(),
  targetFormat: z.enum(targetFormats),
});

const resultSchema = z.object({
  /** The id of the converted file. */
  file: z.uuid(),
  name: z.string(),
  mediaType: z.string(),
  sizeBytes: z.int(),
  /** What the target could not hold, in sentences. */
  notes: z.array(z.string()),
});

/**
 * Fails with a code of `conversionErrors`, not retried: the same file gives the same error. Anything else (a full disk, a file store
 * that is away) is retried.
 */
export const convertFile = defineJob({
  type: "files.convert",
  description: "Converts an image, a table, a document, a sound or a video into another format.",
  parameters: parametersSchema,
  result: resultSchema,
  retry: { maxAttempts: 3, initialDelayMs: 2_000 },
  // Video is the long case: an hour of it takes about as long to encode on a small machine.
  timeoutMs: 2 * 3600 * 1000,
  // Each may keep two cores busy, and some hundred megabytes of memory.
  concurrency: 2,
  http: { path: "/api/files/convert" },
  async run(context) {
    await sweepOnce();
    return withWorkFolder((workFolder) => convertIn(workFolder, context));
  },
});

/** The converter's own progress lies between fetching the source and keeping the outcome. */
const FETCHED = 0.05;
const CONVERTED = 0.95;

async function convertIn(workFolder: string, context: JobContext<z.infer<typeof parametersSchema>>) {
  const { parameters, files, progress, signal, log } = context;
  const source = await files.open(parameters.file);
  if (source.sizeBytes === 0) throw new NonRetryableError("empty_file", `"${source.name}" is empty: it has no bytes.`);
  await progress(0, "Fetching the file");
  const sourcePath = path.join(workFolder, "source");
  await pipeline(source.stream(), createWriteStream(sourcePath), { signal });

  const conversion = await explained(log, () =>
    convert({
      sourcePath,
      sourceName: source.name,
      targetFormat: parameters.targetFormat,
      workFolder,
      signal,
      onProgress: (fraction, message, steps) => progress(FETCHED + fraction * (CONVERTED - FETCHED), message, steps),
    }),
  );

  await progress(CONVERTED, "Saving the file");
  const saved = await files.save(createReadStream(conversion.path), conversion);
  log.info("Converted", { targetFormat: parameters.targetFormat, sizeBytes: saved.sizeBytes, notes: conversion.notes });
  return {
    file: saved.id,
    name: saved.name,
    mediaType: saved.mediaType,
    sizeBytes: saved.sizeBytes,
    notes: [...conversion.notes],
  };
}

/** Turns a conversion's own error into the job's; its cause (a tool's complaints) goes to the log, not to the sender. */
async function explained<T>(log: JobContext["log"], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ConversionError)) throw error;
    if (error.cause !== undefined)
      log.warn("The conversion failed", { code: error.code, cause: describeCause(error.cause) });
    throw new NonRetryableError(error.code, error.message, { cause: error });
  }
}

function describeCause(cause: unknown): string {
  if (cause instanceof Error) return cause.message;
  return typeof cause === "string" ? cause : JSON.stringify(cause);
}
