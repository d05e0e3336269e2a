// The log lives in this cluster: the first process to look notes which one it is.
import { statement } from "./statement.js";

export const nameCluster = statement(
  "name_cluster",
  `
  update meanwhile_generations
     set system_identifier = (select system_identifier::text from pg_control_system())
   where system_identifier = ''`,
);
