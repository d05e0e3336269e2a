// Reads an API key.
import { API_KEY_COLUMNS, type ApiKeyRow } from "./api-key-columns.js";
import { statement } from "./statement.js";

export const findApiKeyByHash = statement<[hash: string], ApiKeyRow>(
  "find_api_key_by_hash",
  `
  select ${API_KEY_COLUMNS}
    from meanwhile_api_keys
   where hash = $1`,
);
