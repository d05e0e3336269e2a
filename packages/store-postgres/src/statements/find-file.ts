// Reads the record of a file.
import { statement } from "./statement.js";

export type FileRow = [
  id: string,
  owner: string,
  name: string,
  mediaType: string,
  sizeBytes: number,
  sha256: string,
  createdAt: number,
  expiresAt: number,
];

export const findFile = statement<[id: string], FileRow>(
  "find_file",
  `
  select id, owner, name, media_type, size_bytes, sha256, created_at, expires_at
    from meanwhile_files
   where id = $1`,
);
