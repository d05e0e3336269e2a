// The key of a name that is not revoked.
import { statement } from "./statement.js";

export const findApiKeyByName = statement<[name: string], [id: string]>(`
  select id
    from meanwhile_api_keys
   where name = ?
     and revoked_at is null`);
