// Stores a secret where there is none of its name.
import { statement } from "./statement.js";

export const insertSecret = statement<[name: string, value: string]>(`
  insert into meanwhile_secrets (name, value)
  values (?, ?)
      on conflict (name) do nothing -- the first writer wins`);
