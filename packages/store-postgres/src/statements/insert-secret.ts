// Stores a secret where there is none of that name.
import { statement } from "./statement.js";

export const insertSecret = statement<[name: string, value: string]>(
  "insert_secret",
  `
  insert into meanwhile_secrets (name, value)
  values ($1, $2)
      on conflict do nothing`,
);
