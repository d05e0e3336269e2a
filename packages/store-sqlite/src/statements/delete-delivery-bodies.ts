// Erases the bodies of deliveries.
import { statement } from "./statement.js";

/** The numbers are a JSON array. */
export const deleteDeliveryBodies = statement<[numbers: string]>(`
  delete from meanwhile_delivery_bodies
   where delivery in (select value from json_each(?))`);
