// Takes the notes of lanes in which something new is due, oldest first, those of one lane together.
import { statement } from "./statement.js";

export type RaisedLane = [lane: string, channel: string, owner: string, dueAt: number, notes: number];

export const takeRaisedLanes = statement<[limit: number], RaisedLane>(
  "take_raised_lanes",
  `
  with taken as (
         delete from meanwhile_raised_lanes
          where number in (select number
                             from meanwhile_raised_lanes
                            order by number
                            limit $1::bigint
                              for update) -- who meets another claim waits for what that one writes down
         returning lane, channel, owner, due_at)
  select lane, channel, owner, min(due_at), count(*)
    from taken
   group by lane, channel, owner
   order by lane`,
);
