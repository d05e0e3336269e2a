// Erases deliveries, with their bodies.
import { statement } from "./statement.js";

export const eraseDeliveries = statement<[numbers: readonly number[]]>(
  "erase_deliveries",
  `
  with bodies as (
         delete from meanwhile_delivery_bodies
          where delivery = any ($1::bigint[]))
  delete from meanwhile_deliveries
   where number = any ($1::bigint[])`,
);
