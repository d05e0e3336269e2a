// Whether there is anything for `takeRaisedLanes`.
import { statement } from "./statement.js";

export const isAnyLaneRaised = statement<[], [isAny: boolean]>(
  "is_any_lane_raised",
  `
  select exists (select 1 from meanwhile_raised_lanes)`,
);
