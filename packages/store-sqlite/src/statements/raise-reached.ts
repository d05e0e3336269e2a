// Notes how far the claims of a type and priority have come.
import { statement } from "./statement.js";

export const raiseReached = statement<[type: string, priority: number, place: number]>(`
  insert into meanwhile_queues (type, priority, reached)
  values (?, ?, ?)
      on conflict (type, priority) do update
     set reached = excluded.reached
   where reached < excluded.reached -- what was handed back is claimed again behind it`);
