// Stores the record of a file.
import { statement } from "./statement.js";

export type InsertFile = [
  id: string,
  owner: string,
  name: string,
  mediaType: string,
  sizeBytes: number,
  sha256: string,
  createdAt: number,
  expiresAt: number,
];

export const insertFile = statement<InsertFile>(`
  insert into meanwhile_files (id, owner, name, media_type, size_bytes, sha256, created_at, expires_at)
  values (?, ?, ?, ?, ?, ?, ?, ?)`);
