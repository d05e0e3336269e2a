// Erases deliveries.
import { statement } from "./statement.js";

/** The numbers are a JSON array. */
export const deleteDeliveries = statement<[numbers: string]>(`
  delete from meanwhile_deliveries
   where number in (select value from json_each(?))`);
