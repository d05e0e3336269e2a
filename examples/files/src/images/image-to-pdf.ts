// Images to pdf: each page of the image becomes a page of its own size.
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import PDFDocument from "pdfkit";
import type { Outcome, RecognisedRequest } from "../conversion.js";
import { ConversionError } from "../conversion-error.js";
import { MAX_IMAGE_PAGES } from "../limits.js";
import { decode, decoded, type OpenedImage, requirePixels } from "./open-image.js";

export async function imageToPdf(image: OpenedImage, request: RecognisedRequest): Promise<Outcome> {
  // Frames of an animation are moments of one picture; pages of a tiff are pages.
  const pages = image.isAnimation ? 1 : image.pages;
  if (pages > MAX_IMAGE_PAGES)
    throw new ConversionError("too_many_pixels", `The image has ${pages} pages; at most ${MAX_IMAGE_PAGES}.`);
  requirePixels(image, 1);

  const pdf = new PDFDocument({ autoFirstPage: false });
  const written = pipeline(pdf, createWriteStream(request.outputPath), { signal: request.signal });
  // Observed at the end; until then a failure must not count as unhandled.
  written.catch(() => undefined);
  try {
    for (let page = 0; page < pages; page += 1) {
      request.signal.throwIfAborted();
      const steps = { currentStep: page + 1, totalSteps: pages };
      await request.onProgress(page / pages, `Converting page ${page + 1} of ${pages}`, steps);
      await addPage(pdf, image, page);
    }
    pdf.end();
    await written;
  } catch (error) {
    pdf.destroy();
    throw error;
  }
  await request.onProgress(1, "Converted", { currentStep: pages, totalSteps: pages });
  return { notes: image.isAnimation ? [`Of ${image.pages} frames, the pdf holds the first.`] : [] };
}

/** Screens' usual density, for images that do not tell theirs. */
const DEFAULT_DENSITY = 96;

/** The longest side that readers of pdf accept, in points of 1/72 inch. */
const MAX_SIDE_POINTS = 14_400;

async function addPage(pdf: PDFKit.PDFDocument, image: OpenedImage, page: number): Promise<void> {
  // Without transparency, which pdfkit would take apart pixel by pixel in JavaScript.
  const upright = decode(image, { page }).flatten({ background: "white" }).toColourspace("srgb");
  const { data, info } = await decoded(() =>
    (image.isLossy ? upright.jpeg({ quality: 92 }) : upright.png()).toBuffer({ resolveWithObject: true }),
  );
  const density = image.density !== undefined && image.density >= 36 ? image.density : DEFAULT_DENSITY;
  const scale = Math.min(72 / density, MAX_SIDE_POINTS / Math.max(info.width, info.height));
  const size: [number, number] = [info.width * scale, info.height * scale];
  pdf.addPage({ size, margin: 0 });
  pdf.image(data, 0, 0, { width: size[0], height: size[1] });
}
