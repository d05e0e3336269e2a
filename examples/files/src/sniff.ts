// Says what a file really is, by its content. The name decides only among kinds of plain text, which carry no signature.
import { open, stat } from "node:fs/promises";
import { fileTypeFromBuffer } from "file-type";
import { withZipContainer } from "./containers/zip-container.js";
import { ConversionError } from "./conversion-error.js";
import { type Format, formatOfName, formats } from "./formats.js";
import { decodeText } from "./text/decode-text.js";

/** Enough for every signature, and for the first lines of a text. */
const HEAD_BYTES = 64 * 1024;

export interface Sniffed {
  readonly format: Format;
  readonly sizeBytes: number;
}

/**
 * @throws ConversionError `empty_file`; `encrypted_file`; `unknown_format`, also for playlists and for text in an unknown encoding.
 */
export async function sniff(filePath: string, name: string): Promise<Sniffed> {
  const { size: sizeBytes } = await stat(filePath);
  if (sizeBytes === 0) throw new ConversionError("empty_file", `"${name}" is empty: it has no bytes.`);
  const head = await readHead(filePath);
  if (head.subarray(0, 4).equals(ZIP_SIGNATURE)) return { format: await sniffZip(filePath, name), sizeBytes };
  refuseOldOffice(head, name);
  const found = await fileTypeFromBuffer(head);
  // Signatures come first: a small pdf, or the start of a gif, is plain ASCII too.
  const binary = found === undefined ? undefined : BINARY_FORMATS[found.ext];
  const format = binary ?? formatOfText(head, { name, mime: found?.mime, isWhole: sizeBytes <= head.length });
  return { format, sizeBytes };
}

const ZIP_SIGNATURE = Buffer.from("PK\x03\x04", "latin1");
const COMPOUND_FILE_SIGNATURE = Buffer.from("d0cf11e0a1b11ae1", "hex");

/** file-type's words for what this example converts. Whatever is not here is refused by its name. */
const BINARY_FORMATS: Readonly<Record<string, Format>> = {
  png: "png",
  apng: "png",
  jpg: "jpeg",
  webp: "webp",
  avif: "avif",
  gif: "gif",
  tif: "tiff",
  pdf: "pdf",
  mp3: "mp3",
  wav: "wav",
  flac: "flac",
  ogg: "ogg",
  oga: "ogg",
  opus: "ogg",
  m4a: "m4a",
  mp4: "mp4",
  m4v: "mp4",
  webm: "webm",
  mov: "mov",
  mkv: "mkv",
  avi: "avi",
};

async function readHead(filePath: string): Promise<Buffer> {
  const file = await open(filePath);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function formatOfText(head: Buffer, facts: { name: string; mime: string | undefined; isWhole: boolean }): Format {
  const text = decodeText(head, { truncated: !facts.isWhole });
  if (text !== undefined) return sniffText(text, facts.name);
  if (facts.mime === undefined && isNamedAsText(facts.name) && !head.includes(0))
    throw new ConversionError(
      "unsupported_encoding",
      `The text of "${facts.name}" is neither UTF-8 nor UTF-16 with a byte order mark. Save it as UTF-8.`,
    );
  const content = facts.mime ?? "none of the known formats, perhaps damaged at its start";
  throw new ConversionError(
    "unknown_format",
    `The content of "${facts.name}" is ${content}. Known formats: ${Object.keys(formats).join(", ")}.`,
  );
}

function isNamedAsText(name: string): boolean {
  const claimed = formatOfName(name);
  return claimed !== undefined && TEXT_FORMATS.includes(claimed);
}

const TEXT_FORMATS: readonly Format[] = ["csv", "json", "html", "md", "txt", "svg"];

async function sniffZip(filePath: string, name: string): Promise<Format> {
  return withZipContainer(filePath, async (container) => {
    if (container.has("word/document.xml")) return "docx";
    if (container.has("xl/workbook.xml")) return "xlsx";
    if (container.has("mimetype") && container.has("content.xml")) {
      const mimetype = await container.bytes("mimetype", 200);
      if (mimetype.toString("latin1").trim() === "application/vnd.oasis.opendocument.text") return "odt";
    }
    throw new ConversionError("unknown_format", `"${name}" is a zip archive, but no docx, xlsx or odt.`);
  });
}

/** Office files before 2007, and the wrapping that office files with a password are stored in. */
function refuseOldOffice(head: Buffer, name: string): void {
  if (!head.subarray(0, 8).equals(COMPOUND_FILE_SIGNATURE)) return;
  if (head.includes(Buffer.from("EncryptedPackage", "utf16le")))
    throw new ConversionError("encrypted_file", `"${name}" is protected with a password. Remove it and send it again.`);
  throw new ConversionError(
    "unknown_format",
    `"${name}" is an office file of the format before 2007 (doc, xls, ppt), or one with a password. Save it as docx or xlsx.`,
  );
}

function sniffText(text: string, name: string): Format {
  const claimed = formatOfName(name);
  const start = text.trimStart();
  // Lists of addresses that media tools open by themselves: never given to one, whatever the name says.
  if (/^(#EXTM3U|ffconcat version|\[playlist\])/i.test(start))
    throw new ConversionError("unknown_format", `"${name}" is a playlist: it names media, but holds none.`);
  if (claimed === "csv" || claimed === "md" || claimed === "txt") return claimed;
  if (claimed === "json" && /^[[{]/.test(start)) return claimed;
  if (claimed === "html" && start.includes("<")) return claimed;
  const tag = firstTag(start);
  if (/^<svg[\s>/]/i.test(tag)) return "svg";
  if (/^<(?:!DOCTYPE\s+html|html|head|body)[\s>]/i.test(tag)) return "html";
  if (/^(\[\s*[{\]]|\{\s*["}])/.test(start)) return "json";
  return "txt";
}

/** The first tag of a markup text, after declarations and comments; searched step by step, as no pattern does it in linear time. */
function firstTag(text: string): string {
  let rest = text.replace(/^\uFEFF/, "");
  for (;;) {
    rest = rest.trimStart();
    const end = endOfSkipped(rest);
    if (end === undefined) return rest.slice(0, 200);
    rest = rest.slice(end);
  }
}

/** Where the declaration or comment ends that `text` starts with; `undefined` when it starts with neither. */
function endOfSkipped(text: string): number | undefined {
  const skipped = (start: string, end: string) => {
    if (!text.toLowerCase().startsWith(start)) return undefined;
    const at = text.indexOf(end, start.length);
    return at === -1 ? undefined : at + end.length;
  };
  const declaration = text.slice(0, text.indexOf(">") + 1);
  const closing = declaration.includes("[") ? "]>" : ">";
  return skipped("<!--", "-->") ?? skipped("<?xml", "?>") ?? skipped("<!doctype svg", closing);
}
