// Reads a multipart form: its fields in memory, its one file as a stream into the store of files.
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { Busboy, type BusboyHeaders, type BusboyInstance } from "@fastify/busboy";
import { AppError, type FileRecord } from "@meanwhile/core";
import { fileNameOf } from "./file-name.js";
import { mediaTypeOf } from "./media-type.js";

export interface Form {
  readonly fields: ReadonlyMap<string, string>;
  readonly file: FileRecord | undefined;
}

export interface FormOptions {
  /** Keeps the bytes of the part `file`. */
  readonly save: (bytes: Readable, about: { name: string; mediaType: string }) => Promise<FileRecord>;
  /** Lets go of a file that was saved before the rest of the form turned out to be bad. */
  readonly discard: (file: FileRecord) => Promise<void>;
}

/** What a form may hold; parameters of jobs need no more. */
const FORM_LIMITS = { parts: 101, files: 1, fields: 100, fieldSize: 65_536, headerPairs: 20, headerSize: 8_192 };
const FIELD_NAME_CHARACTERS = 100;
const FILE_PART = "file";

/**
 * Reads the whole form. After a refusal nothing of it is left behind, and the rest of the body is not read here.
 *
 * @throws AppError `invalid_request` for a form that cannot be read or breaks off, `payload_too_large`, and what `save` throws.
 */
export async function readForm(request: IncomingMessage, options: FormOptions): Promise<Form> {
  const parser = createParser(request);
  const reading: Reading = { fields: new Map(), saving: undefined, bytes: undefined };
  try {
    await new Promise<void>((resolve, reject) => {
      takeParts(parser, reading, { save: options.save, reject });
      refuseExcess(parser, reject);
      parser.on("error", (cause) => reject(unreadable("breaks off or is not well-formed.", cause)));
      parser.on("finish", resolve);
      request.once("close", () => {
        if (!request.readableEnded) reject(unreadable("breaks off."));
      });
      request.pipe(parser);
    });
    return { fields: reading.fields, file: await reading.saving };
  } catch (error) {
    request.unpipe(parser);
    reading.bytes?.destroy(error as Error);
    const [saved] = await Promise.allSettled([reading.saving]);
    if (saved.status === "fulfilled" && saved.value !== undefined) await options.discard(saved.value);
    throw error;
  }
}

interface Reading {
  readonly fields: Map<string, string>;
  saving: Promise<FileRecord> | undefined;
  bytes: Readable | undefined;
}

interface PartOptions {
  readonly save: FormOptions["save"];
  readonly reject: (error: unknown) => void;
}

function takeParts(parser: BusboyInstance, reading: Reading, { save, reject }: PartOptions): void {
  parser.on("file", (name, bytes, fileName, _encoding, mediaType) => {
    // It fails when the form breaks off; whoever reads it hears of that by itself.
    bytes.on("error", () => {});
    if (name !== FILE_PART) {
      bytes.resume();
      return reject(unreadable(`has a file part "${shown(name)}"; the file goes into the part "file".`));
    }
    reading.bytes = bytes;
    reading.saving = save(bytes, { name: fileNameOf(fileName), mediaType: mediaTypeOf(mediaType) });
    reading.saving.catch(reject);
  });
  parser.on("field", (name, value, _isNameCut, isValueCut) => {
    const fault = faultOfField(name, isValueCut, reading.fields);
    if (fault !== undefined) return reject(unreadable(fault));
    reading.fields.set(name, value);
  });
}

function refuseExcess(parser: BusboyInstance, reject: (error: unknown) => void): void {
  parser.on("filesLimit", () => reject(unreadable("holds more than one file.")));
  parser.on("fieldsLimit", () => reject(unreadable(`holds more than ${FORM_LIMITS.fields} fields.`)));
  parser.on("partsLimit", () => reject(unreadable(`holds more than ${FORM_LIMITS.parts} parts.`)));
}

function createParser(request: IncomingMessage): BusboyInstance {
  try {
    return new Busboy({ headers: request.headers as BusboyHeaders, limits: FORM_LIMITS });
  } catch (cause) {
    throw unreadable("has no boundary in its Content-Type.", cause);
  }
}

function faultOfField(name: unknown, isCut: boolean, fields: ReadonlyMap<string, string>): string | undefined {
  if (typeof name !== "string" || name === "" || name.length > FIELD_NAME_CHARACTERS) {
    return `holds a field without a name, or with one of more than ${FIELD_NAME_CHARACTERS} characters.`;
  }
  if (name === "__proto__") return 'holds a field "__proto__", which is refused.';
  if (fields.has(name)) return `holds the field "${shown(name)}" twice.`;
  return isCut ? `holds a field "${shown(name)}" of more than ${FORM_LIMITS.fieldSize} bytes.` : undefined;
}

function shown(name: string | undefined): string {
  return (name ?? "").slice(0, FIELD_NAME_CHARACTERS);
}

function unreadable(fault: string, cause?: unknown): AppError {
  return new AppError("invalid_request", { message: `The form ${fault}`, ...(cause === undefined ? {} : { cause }) });
}
