// Holds up whoever asks which events are wanted: nobody commits events by an older answer.
import { statement } from "./statement.js";

export const lockWantedEvents = statement(
  "lock_wanted_events",
  `
  lock table meanwhile_wanted_events in access exclusive mode`,
);
