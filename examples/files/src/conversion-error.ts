// What can go wrong with a conversion: one code for machines, one sentence for the person who sent the file.

/** Every code, with what the sender can do. The README's table is compared with this one by a test. */
export const conversionErrors = {
  empty_file: "Upload the file again: nothing arrived, or it was empty at the source.",
  file_too_large: "Send a smaller file, or split it.",
  unknown_format: "Check that the file opens at your side, then save it in a format of the table.",
  unsupported_conversion: "Choose a target that the format table offers for this content.",
  corrupt_file: "Open the file in the program that made it, save it anew and send that.",
  encrypted_file: "Remove the password and send the file again.",
  unsupported_encoding: "Save the text as UTF-8 (or as UTF-16 with a byte order mark).",
  too_many_pixels: "Make the image smaller, or send fewer frames or pages.",
  side_too_long: "Make the image smaller, or choose a target format that allows longer sides (png, tiff).",
  zip_bomb: "The document unpacks to far more than a document needs. Save it anew; remove huge embedded content.",
  not_tabular: "Send an array of flat objects, or a table with one header row.",
  too_many_rows: "Split the table, or choose csv or json, which have no row limit.",
  too_many_columns: "Split the table into narrower ones.",
  output_too_large: "Split the file: what it turns into would be larger than the limit.",
  cell_too_long: "Shorten the text, or choose csv or json, which have no limit per cell.",
  external_reference: "Embed the linked content in the document and send it again.",
  no_audio: "Choose a video target, or send a file with sound.",
  no_video: "Choose an audio target.",
  too_long: "Cut the recording into shorter parts.",
  converter_missing: "Ask the operator to install the named tool on the workers.",
  conversion_failed:
    "Nothing is known to be wrong with the file. Try another target, or show the message to the operator.",
  conversion_timeout: "Send a smaller or simpler file.",
} as const;

export type ConversionErrorCode = keyof typeof conversionErrors;

/** A conversion that cannot succeed, however often it is tried. The message is meant for the sender of the file. */
export class ConversionError extends Error {
  readonly code: ConversionErrorCode;

  constructor(code: ConversionErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "ConversionError";
    this.code = code;
  }
}
