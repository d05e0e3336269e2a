// Locks what is still delayed of these; what somebody is writing now is left to the next time.
import { now, statement } from "./statement.js";

/** The numbers must be sorted. */
export const lockDelayedJobs = statement<[numbers: readonly number[], now: number | null], [number: number]>(
  "lock_delayed_jobs",
  `
  select jobs.number
    from unnest($1::bigint[]) as batch (number)
    cross join lateral (select number
                          from meanwhile_jobs
                         where number = batch.number
                           and readiness = 'delayed'
                           and run_at <= ${now("$2")}
                        offset 0
                           for no key update skip locked) as jobs`,
);
