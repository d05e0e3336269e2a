// Notes a file.
import type { FileRow } from "./find-file.js";
import { statement } from "./statement.js";

export const insertFile = statement<FileRow>(
  "insert_file",
  `
  insert into meanwhile_files (id, owner, name, media_type, size_bytes, sha256, created_at, expires_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8)`,
);
