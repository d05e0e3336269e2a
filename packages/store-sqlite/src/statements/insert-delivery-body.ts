// Keeps the body of a delivery, byte for byte as it will be sent.
import { statement } from "./statement.js";

export const insertDeliveryBody = statement<[delivery: number, body: string]>(`
  insert into meanwhile_delivery_bodies (delivery, body)
  values (?, ?)`);
