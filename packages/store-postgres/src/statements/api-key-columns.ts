// The columns of an API key, for every statement that reads one.

export const API_KEY_COLUMNS = "id, name, owner, hash, scopes, created_at, expires_at, revoked_at";

export type ApiKeyRow = [
  id: string,
  name: string,
  owner: string,
  hash: string,
  scopes: string,
  createdAt: number,
  expiresAt: number | null,
  revokedAt: number | null,
];
