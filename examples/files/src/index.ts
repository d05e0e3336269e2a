// What this example offers: the job type, the pure conversion under it, and the sweep for the start of a worker.
export * from "./conversion.js";
export { ConversionError, type ConversionErrorCode, conversionErrors } from "./conversion-error.js";
export { convert } from "./convert.js";
export { convertFile } from "./convert-file.js";
export { type Family, type Format, formats, type TargetFormat, targetFormats, targetsOf } from "./formats.js";
export { sweepOnce, sweepWorkFolders, type WorkFolderOptions, withWorkFolder } from "./work-folder/work-folder.js";
