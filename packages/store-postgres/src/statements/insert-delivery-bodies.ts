// Keeps the bodies of deliveries.
import { statement } from "./statement.js";

/** One row of the batch. */
export type InsertDeliveryBodies = [delivery: number, body: string];

/** A list per column: see `columnsOf`. */
export const insertDeliveryBodies = statement<[...columns: readonly unknown[][]], never>(
  "insert_delivery_bodies",
  `
  insert into meanwhile_delivery_bodies
         (delivery, body)
  select batch.delivery, batch.body
    from unnest($1::bigint[], $2::text[])
         with ordinality as batch (delivery, body, place)
   order by batch.place`,
);
