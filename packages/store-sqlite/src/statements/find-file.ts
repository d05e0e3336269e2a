// The record of a file.
import { statement } from "./statement.js";

export interface FileRow {
  readonly id: string;
  readonly owner: string;
  readonly name: string;
  readonly media_type: string;
  readonly size_bytes: number;
  readonly sha256: string;
  readonly created_at: number;
  readonly expires_at: number;
}

export const findFile = statement<[id: string], FileRow>(`
  select id, owner, name, media_type, size_bytes, sha256, created_at, expires_at
    from meanwhile_files
   where id = ?`);
