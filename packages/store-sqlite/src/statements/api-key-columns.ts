// The columns of an API key, for every statement that reads one.

export const API_KEY_COLUMNS = "id, name, owner, hash, scopes, created_at, expires_at, revoked_at";

export interface ApiKeyRow {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly hash: string;
  readonly scopes: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
}
