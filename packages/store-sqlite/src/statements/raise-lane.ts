// Something new will be due in a lane.
import { statement } from "./statement.js";

export const raiseLane = statement<[lane: string, channel: string, owner: string, dueAt: number]>(`
  insert into meanwhile_delivery_lanes (lane, channel, owner, next_due_at)
  values (?, ?, ?, ?)
      on conflict (lane) do update
     set next_due_at = min(next_due_at, excluded.next_due_at)`);
