// Erases events of a job, oldest first, in a bounded step.
import { LIMIT, statement } from "./statement.js";

export const deleteJobEvents = statement<[job: number, limit: number]>(`
  delete from meanwhile_events
   where position in (select position
                        from meanwhile_events indexed by meanwhile_events_of_job
                       where job = ?
                       order by seq
                       ${LIMIT})`);
