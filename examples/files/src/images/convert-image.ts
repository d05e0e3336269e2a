// Images with sharp: one file in, one file out, within the pixel limit, frames kept where the target has frames.
import type { Sharp } from "sharp";
import type { Outcome, RecognisedRequest } from "../conversion.js";
import { ConversionError } from "../conversion-error.js";
import type { TargetFormat } from "../formats.js";
import { imageToPdf } from "./image-to-pdf.js";
import { decode, decoded, type OpenedImage, openImage, requirePixels } from "./open-image.js";

export async function convertImage(request: RecognisedRequest): Promise<Outcome> {
  const image = await openImage(request);
  if (request.targetFormat === "pdf") return imageToPdf(image, request);

  const allFrames = image.isAnimation && ANIMATED_TARGETS.includes(request.targetFormat);
  requirePixels(image, allFrames ? image.pages : 1);
  requireSides(image, request.targetFormat);
  await request.onProgress(0.1, `Converting ${allFrames ? `${image.pages} frames` : "the image"}`, STEP_CONVERT);
  const converted = encode(decode(image, { pages: allFrames ? image.pages : 1 }), request.targetFormat);
  await decoded(() => converted.toFile(request.outputPath));
  request.signal.throwIfAborted();
  await request.onProgress(1, "Converted", STEP_CONVERTED);

  const lost = !allFrames && image.pages > 1;
  return { notes: lost ? [`Of ${image.pages} frames or pages, ${request.targetFormat} holds the first.`] : [] };
}

const STEP_CONVERT = { currentStep: 1, totalSteps: 2 };
const STEP_CONVERTED = { currentStep: 2, totalSteps: 2 };

const ANIMATED_TARGETS: readonly TargetFormat[] = ["gif", "webp"];

/** The longest side that a format's file can name, or its encoder accepts. */
const MAX_SIDE_PIXELS: Partial<Record<TargetFormat, number>> = {
  jpeg: 65_535,
  gif: 65_535,
  webp: 16_383,
  avif: 16_384,
};

function encode(image: Sharp, target: TargetFormat): Sharp {
  // Jpeg has no transparency; without this it would turn black.
  if (target === "jpeg") return image.flatten({ background: "white" }).jpeg({ quality: 90 });
  if (target === "tiff") return image.tiff({ compression: "deflate" });
  if (target === "avif") return image.avif();
  if (target === "webp") return image.webp();
  if (target === "gif") return image.gif();
  return image.png();
}

function requireSides(image: OpenedImage, target: TargetFormat): void {
  const longest = Math.max(image.widthPixels, image.heightPixels);
  const limit = MAX_SIDE_PIXELS[target];
  if (limit !== undefined && longest > limit)
    throw new ConversionError(
      "side_too_long",
      `A side of ${longest} pixels is too long for ${target}: at most ${limit}.`,
    );
}
