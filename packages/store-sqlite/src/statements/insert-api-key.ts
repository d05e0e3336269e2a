// Stores an API key, as a hash.
import { statement } from "./statement.js";

export type InsertApiKey = [
  id: string,
  name: string,
  owner: string,
  hash: string,
  scopes: string,
  createdAt: number,
  expiresAt: number | null,
  revokedAt: number | null,
];

export const insertApiKey = statement<InsertApiKey>(`
  insert into meanwhile_api_keys (id, name, owner, hash, scopes, created_at, expires_at, revoked_at)
  values (?, ?, ?, ?, ?, ?, ?, ?)`);
