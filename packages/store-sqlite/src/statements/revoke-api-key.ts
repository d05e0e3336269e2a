// Ends an API key.
import { statement } from "./statement.js";

export const revokeApiKey = statement<[revokedAt: number, id: string, name: string]>(`
  update meanwhile_api_keys
     set revoked_at = ?
   where revoked_at is null
     and (id = ? or name = ?)`);
