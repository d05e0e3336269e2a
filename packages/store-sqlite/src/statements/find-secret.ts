// The secret of a name.
import { statement } from "./statement.js";

export const findSecret = statement<[name: string], [value: string]>(`
  select value
    from meanwhile_secrets
   where name = ?`);
