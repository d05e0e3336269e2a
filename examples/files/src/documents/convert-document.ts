// Documents to pdf: what could load or run is taken out or refused, then LibreOffice lays the rest out.
import { copyFile, writeFile } from "node:fs/promises";
import path from "node:path";
import sharp from "sharp";
import { readAllXml } from "../containers/read-xml.js";
import { withZipContainer, type ZipContainer } from "../containers/zip-container.js";
import type { Outcome, RecognisedRequest } from "../conversion.js";
import { ConversionError } from "../conversion-error.js";
import {
  MAX_IMAGE_BYTES,
  MAX_MARKUP_BYTES,
  MAX_PIXELS,
  MAX_TEXT_BYTES,
  MAX_UNZIPPED_DOCUMENT_BYTES,
} from "../limits.js";
import { readText } from "../text/decode-text.js";
import { getTool } from "../tools/find-tool.js";
import { cleanHtml } from "./clean-html.js";
import { markdownToHtml } from "./markdown.js";
import { refuseExternalLinks } from "./office-links.js";
import { documentToPdf } from "./soffice.js";

export async function convertDocument(request: RecognisedRequest): Promise<Outcome> {
  const program = await getTool("soffice", `${request.sourceFormat} to pdf`);
  await request.onProgress(0.05, "Checking the document", { currentStep: 1, totalSteps: 3 });
  const { documentPath, reader, notes } = await prepare(request);
  await request.onProgress(0.2, "Laying out the pages with LibreOffice", { currentStep: 2, totalSteps: 3 });
  await documentToPdf({ ...request, program, documentPath, reader });
  await request.onProgress(1, "Converted", { currentStep: 3, totalSteps: 3 });
  return { notes };
}

/** A file that is safe to be read by LibreOffice, and the reader that must read it. */
interface Prepared {
  readonly documentPath: string;
  readonly reader: string;
  readonly notes: readonly string[];
}

async function prepare(request: RecognisedRequest): Promise<Prepared> {
  const at = (ending: string) => path.join(request.workFolder, `document.${ending}`);
  const text = (maxBytes: number) => readText(request.sourcePath, request.sizeBytes, maxBytes);
  switch (request.sourceFormat) {
    case "docx":
      return prepareOffice(request, at("docx"), { format: "docx", reader: "MS Word 2007 XML" });
    case "odt":
      return prepareOffice(request, at("odt"), { format: "odt", reader: "writer8" });
    case "html":
      return prepareHtml(await text(MAX_MARKUP_BYTES), at("html"));
    case "md":
      return prepareHtml(await markdownToHtml(await text(MAX_MARKUP_BYTES), request.signal), at("html"));
    default:
      await writeFile(at("txt"), await text(MAX_TEXT_BYTES));
      return { documentPath: at("txt"), reader: "Text (encoded):UTF8", notes: [] };
  }
}

async function prepareOffice(
  request: RecognisedRequest,
  documentPath: string,
  { format, reader }: { format: "docx" | "odt"; reader: string },
): Promise<Prepared> {
  await withZipContainer(
    request.sourcePath,
    async (container) => {
      await refuseEncrypted(container);
      await container.verify(request.signal);
      await refuseExternalLinks(container, format);
      for (const name of container.names.filter(mayBeImage))
        await refuseHugeImage(await container.bytes(name, MAX_IMAGE_BYTES));
    },
    { maxBytes: MAX_UNZIPPED_DOCUMENT_BYTES },
  );
  await copyFile(request.sourcePath, documentPath);
  return { documentPath, reader, notes: [] };
}

async function prepareHtml(source: string, documentPath: string): Promise<Prepared> {
  const { html, images, leftOut } = cleanHtml(source);
  for (const image of images) await refuseHugeImage(image);
  await writeFile(documentPath, html);
  const notes =
    leftOut === 0 ? [] : [`Left out ${leftOut} images, styles or frames that would have been loaded from elsewhere.`];
  return { documentPath, reader: "HTML (StarWriter)", notes };
}

/** An OpenDocument file with a password is a readable zip whose parts are not. */
async function refuseEncrypted(container: ZipContainer): Promise<void> {
  if (!container.has(ODT_MANIFEST)) return;
  await readAllXml(await container.stream(ODT_MANIFEST), {
    open(name) {
      if (name !== "encryption-data") return;
      throw new ConversionError(
        "encrypted_file",
        "The document is protected with a password. Remove it and send it again.",
      );
    },
  });
}

const ODT_MANIFEST = "META-INF/manifest.xml";

function mayBeImage(part: string): boolean {
  return !/(\.xml|\.rels|\/)$/.test(part);
}

/** A few kilobytes of png can decode to gigabytes, inside a document as well as alone. */
async function refuseHugeImage(image: Buffer): Promise<void> {
  // Whatever is no image that sharp knows (fonts, drawings) has no pixels to count.
  const facts = await sharp(image, { limitInputPixels: false })
    .metadata()
    .catch(() => undefined);
  const pixels = facts === undefined ? 0 : facts.width * facts.height;
  if (pixels > MAX_PIXELS)
    throw new ConversionError(
      "too_many_pixels",
      `An image of the document has ${pixels} pixels; at most ${MAX_PIXELS}.`,
    );
}
