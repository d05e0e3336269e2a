// Which PostgreSQL the server is: as a number to compare, and as text to show.
import { statement } from "./statement.js";

export const readServerVersion = statement<[], [version: number, text: string]>(
  "read_server_version",
  "select current_setting('server_version_num')::integer, current_setting('server_version')",
);
