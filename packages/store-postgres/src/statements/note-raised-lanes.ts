// Something new is due in these lanes: told without touching their rows, which whoever queues at the same time would wait for.
import { statement } from "./statement.js";

export const noteRaisedLanes = statement<
  [lanes: readonly string[], channels: readonly string[], owners: readonly string[], dueAts: readonly number[]]
>(
  "note_raised_lanes",
  `
  insert into meanwhile_raised_lanes (lane, channel, owner, due_at)
  select lane, channel, owner, due_at
    from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as batch (lane, channel, owner, due_at)`,
);
