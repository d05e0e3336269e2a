// Something new is due in these lanes, whose rows are locked by it.
import { statement } from "./statement.js";

/** The lanes must be sorted. */
export const raiseLanes = statement<
  [lanes: readonly string[], channels: readonly string[], owners: readonly string[], dueAts: readonly number[]]
>(
  "raise_lanes",
  `
  insert into meanwhile_delivery_lanes as lanes (lane, channel, owner, next_due_at)
  select lane, channel, owner, due_at
    from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as batch (lane, channel, owner, due_at)
      on conflict (lane) do update
     set next_due_at = least(lanes.next_due_at, excluded.next_due_at)`,
);
