// Reads a secret.
import { statement } from "./statement.js";

export const findSecret = statement<[name: string], [value: string]>(
  "find_secret",
  `
  select value
    from meanwhile_secrets
   where name = $1`,
);
