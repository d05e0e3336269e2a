// Ends an API key.
import { statement } from "./statement.js";

export const revokeApiKey = statement<[revokedAt: number, idOrName: string]>(
  "revoke_api_key",
  `
  update meanwhile_api_keys
     set revoked_at = $1::bigint
   where revoked_at is null
     and (id = $2 or name = $2)`,
);
