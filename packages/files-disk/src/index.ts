// Keeps the bytes of files in a folder.
export { checkFilesFolder, createDiskFileBytes, type DiskFileBytesOptions } from "./disk-file-bytes.js";
