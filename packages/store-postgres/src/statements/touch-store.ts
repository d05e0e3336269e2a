// A real write: only a commit proves that there can be others.
import { now, statement } from "./statement.js";

export const touchStore = statement<[now: number | null]>(
  "touch_store",
  `
  update meanwhile_store
     set checked_at = ${now("$1")}
   where id = 1`,
);
