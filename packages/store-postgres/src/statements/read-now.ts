// The server's clock.
import { now, statement } from "./statement.js";

export const readNow = statement<[now: number | null], [now: number]>(
  "read_now",
  `
  select ${now("$1")}`,
);
