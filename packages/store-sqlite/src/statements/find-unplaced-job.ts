// The queue of a ready job that has no place in it; no row where it has one, or is not ready.
import { statement } from "./statement.js";

export const findUnplacedJob = statement<[number: number], [type: string, priority: number, owner: string]>(`
  select type, priority, owner
    from meanwhile_jobs
   where number = ?
     and readiness = 'ready'
     and place is null`);
