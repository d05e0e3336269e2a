// The one entry: recognises the file, checks the pair against the table, and gives it to the converter of its family.
import path from "node:path";
import type { Conversion, ConversionRequest, Outcome, RecognisedRequest } from "./conversion.js";
import { ConversionError } from "./conversion-error.js";
import { convertDocument } from "./documents/convert-document.js";
import {
  convertedName,
  type Family,
  type Format,
  formatOfName,
  formats,
  type TargetFormat,
  targetsOf,
} from "./formats.js";
import { convertImage } from "./images/convert-image.js";
import { convertMedia } from "./media/convert-media.js";
import { sniff } from "./sniff.js";
import { convertTable } from "./tables/convert-table.js";

/**
 * Converts one file on disk. Everything is written into `workFolder`, which stays the caller's to remove.
 *
 * @throws ConversionError with a code of `conversionErrors`; or the signal's reason.
 * @example
 * const { path } = await withWorkFolder((workFolder) =>
 *   convert({ sourcePath, sourceName: "photo.png", targetFormat: "webp", workFolder, signal, onProgress }));
 */
export async function convert(request: ConversionRequest): Promise<Conversion> {
  request.signal.throwIfAborted();
  await request.onProgress(0, "Looking at the file");
  const { format: sourceFormat, sizeBytes } = await sniff(request.sourcePath, request.sourceName);
  requirePair(sourceFormat, request);

  const name = convertedName(request.sourceName, request.targetFormat);
  // A name of our own: the sender's would reach command lines and file systems.
  const outputPath = path.join(request.workFolder, `converted.${formats[request.targetFormat].extensions[0]}`);
  const { notes } = await converters[formats[sourceFormat].family]({ ...request, sourceFormat, sizeBytes, outputPath });
  return { path: outputPath, name, mediaType: formats[request.targetFormat].mediaType, notes };
}

const converters: Record<Family, (request: RecognisedRequest) => Promise<Outcome>> = {
  image: convertImage,
  table: convertTable,
  document: convertDocument,
  audio: convertMedia,
  video: convertMedia,
};

function requirePair(source: Format, request: { sourceName: string; targetFormat: TargetFormat }): void {
  const targets = targetsOf(source);
  if (targets.includes(request.targetFormat)) return;
  const claimed = formatOfName(request.sourceName);
  const really = claimed === undefined || claimed === source ? "is" : "is, whatever its name says,";
  const choice = targets.length === 0 ? "It is a target only." : `It can become: ${targets.join(", ")}.`;
  throw new ConversionError(
    "unsupported_conversion",
    `"${request.sourceName}" ${really} ${source}, which cannot become ${request.targetFormat}. ${choice}`,
  );
}
