// All API keys, oldest first.
import { API_KEY_COLUMNS, type ApiKeyRow } from "./api-key-columns.js";
import { statement } from "./statement.js";

export const listApiKeys = statement<[], ApiKeyRow>(
  "list_api_keys",
  `
  select ${API_KEY_COLUMNS}
    from meanwhile_api_keys
   order by created_at, number`,
);
