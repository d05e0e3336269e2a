// Keeps the highest position where the events that told it are about to go.
import { statement } from "./statement.js";

export const saveLastPosition = statement<[position: number]>(`
  update meanwhile_store
     set last_position = max(last_position, ?)
   where id = 1`);
