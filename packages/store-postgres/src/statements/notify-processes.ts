// Hints to the other processes that something was committed.
import { statement } from "./statement.js";

export const notifyProcesses = statement<[channel: string, sender: string]>(
  "notify_processes",
  `
  select pg_notify($1, $2)`,
);
