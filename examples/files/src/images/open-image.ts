// Opens one image for decoding: how large it is, what it holds, and the limits that every decode obeys.
import { readFile } from "node:fs/promises";
import sharp, { type Metadata, type Sharp } from "sharp";
import type { RecognisedRequest } from "../conversion.js";
import { ConversionError } from "../conversion-error.js";
import { IMAGE_TIMEOUT_SECONDS, MAX_IMAGE_BYTES, MAX_PIXELS, MAX_SVG_BYTES } from "../limits.js";

export interface OpenedImage {
  readonly bytes: Buffer;
  readonly widthPixels: number;
  readonly heightPixels: number;
  /** Dots per inch, where the file says so. */
  readonly density: number | undefined;
  readonly pages: number;
  readonly isAnimation: boolean;
  /** Photos stay jpeg in a pdf; drawings stay exact. */
  readonly isLossy: boolean;
}

export async function openImage(request: RecognisedRequest): Promise<OpenedImage> {
  const maxBytes = request.sourceFormat === "svg" ? MAX_SVG_BYTES : MAX_IMAGE_BYTES;
  if (request.sizeBytes > maxBytes)
    throw new ConversionError("file_too_large", `The image has ${request.sizeBytes} bytes; at most ${maxBytes}.`);
  // Read here, never opened by path: an svg without a place of its own cannot reach the files beside it.
  const bytes = await readFile(request.sourcePath, { signal: request.signal });
  // Reads the header only, so a bomb may show its real size: the limit is applied afterwards, by us and by every decode.
  const facts = await decoded(() => sharp(bytes, { limitInputPixels: false }).metadata());
  return describe(bytes, facts);
}

/** One page, or the first `pages` frames, upright and in sRGB. Decoding starts only when the result is asked for. */
export function decode(image: OpenedImage, range: { page?: number; pages?: number }): Sharp {
  const { page = 0, pages = 1 } = range;
  return sharp(image.bytes, { limitInputPixels: MAX_PIXELS, failOn: "error", page, pages })
    .timeout({ seconds: IMAGE_TIMEOUT_SECONDS })
    .autoOrient();
}

/** Runs a decode; what the decoder complains about is the file's fault and gets its code. */
export async function decoded<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    const { message } = cause as Error;
    if (/exceeds pixel limit/i.test(message)) throw tooManyPixels("more than that many");
    if (/timeout/i.test(message))
      throw new ConversionError("conversion_timeout", `The image took longer than ${IMAGE_TIMEOUT_SECONDS} s.`, {
        cause,
      });
    throw new ConversionError("corrupt_file", `The image cannot be read: ${firstLine(message)}`, { cause });
  }
}

export function requirePixels(image: OpenedImage, pages: number): void {
  const pixels = image.widthPixels * image.heightPixels * pages;
  if (pixels > MAX_PIXELS) throw tooManyPixels(pixels.toLocaleString("en"));
}

function describe(bytes: Buffer, facts: Metadata): OpenedImage {
  const pages = facts.pages ?? 1;
  return {
    bytes,
    widthPixels: facts.width,
    heightPixels: facts.pageHeight ?? facts.height,
    density: facts.density,
    pages,
    isAnimation: pages > 1 && (facts.format === "gif" || facts.format === "webp"),
    isLossy: facts.format === "jpeg" || facts.format === "webp" || facts.format === "heif",
  };
}

function tooManyPixels(count: string): ConversionError {
  return new ConversionError(
    "too_many_pixels",
    `The image has ${count} pixels, frames counted together; at most ${MAX_PIXELS.toLocaleString("en")}.`,
  );
}

function firstLine(message: string): string {
  return message.split("\n")[0] ?? message;
}
