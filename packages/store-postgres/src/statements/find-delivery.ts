// Reads one delivery.
import { DELIVERY_COLUMNS, type DeliveryRow } from "./delivery-columns.js";
import { statement } from "./statement.js";

export const findDelivery = statement<[id: string], DeliveryRow>(
  "find_delivery",
  `
  select ${DELIVERY_COLUMNS}
    from meanwhile_deliveries as deliveries
   where deliveries.id = $1`,
);
