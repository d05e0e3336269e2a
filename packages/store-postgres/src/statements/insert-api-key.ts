// Stores an API key, where no valid one has its name.
import type { ApiKeyRow } from "./api-key-columns.js";
import { statement } from "./statement.js";

export const insertApiKey = statement<ApiKeyRow>(
  "insert_api_key",
  `
  insert into meanwhile_api_keys (id, name, owner, hash, scopes, created_at, expires_at, revoked_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8)
      on conflict (name) where revoked_at is null do nothing`,
);
