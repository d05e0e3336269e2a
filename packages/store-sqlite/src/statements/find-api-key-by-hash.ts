// The key of a hash, revoked or not.
import { API_KEY_COLUMNS, type ApiKeyRow } from "./api-key-columns.js";
import { statement } from "./statement.js";

export const findApiKeyByHash = statement<[hash: string], ApiKeyRow>(`
  select ${API_KEY_COLUMNS}
    from meanwhile_api_keys
   where hash = ?`);
