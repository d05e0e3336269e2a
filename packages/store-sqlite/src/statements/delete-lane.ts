// Forgets a lane in which nothing will be due.
import { statement } from "./statement.js";

export const deleteLane = statement<[lane: string]>(`
  delete from meanwhile_delivery_lanes
   where lane = ?`);
