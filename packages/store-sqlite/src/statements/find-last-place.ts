// The last place that an owner has in a queue beyond its front; 0 where it has none.
import { statement } from "./statement.js";

export type FindLastPlace = [type: string, priority: number, owner: string, front: number];

export const findLastPlace = statement<FindLastPlace, [place: number]>(`
  select coalesce(max(place), 0) as place
    from meanwhile_jobs indexed by meanwhile_jobs_owner_ready
   where type = ?
     and priority = ?
     and owner = ?
     and readiness = 'ready'
     and place > ?`);
