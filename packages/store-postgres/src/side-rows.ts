// Rows of log lines, files and keys to records: how these lie in their columns is known here only.
import type { ApiKeyRecord, FileRecord, LogLine } from "@meanwhile/core";
import type { LogLevel } from "@meanwhile/protocol";
import type { ApiKeyRow } from "./statements/api-key-columns.js";
import type { FileRow } from "./statements/find-file.js";
import type { LogLineRow } from "./statements/read-log-lines.js";

export function toLogLine([jobId, seq, at, level, attempt, message, fields]: LogLineRow): LogLine {
  return { jobId, seq, at, level: level as LogLevel, message, fields, attempt };
}

export function toFileRecord([
  id,
  owner,
  name,
  mediaType,
  sizeBytes,
  sha256,
  createdAt,
  expiresAt,
]: FileRow): FileRecord {
  return { id, owner, name, mediaType, sizeBytes, sha256, createdAt, expiresAt };
}

export function toApiKeyRecord([
  id,
  name,
  owner,
  hash,
  scopes,
  createdAt,
  expiresAt,
  revokedAt,
]: ApiKeyRow): ApiKeyRecord {
  return { id, name, owner, hash, scopes: JSON.parse(scopes) as string[], createdAt, expiresAt, revokedAt };
}
