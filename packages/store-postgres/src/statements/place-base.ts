// What a ready job's place is drawn from: see the port on places. One row of it for each row of `of`, which has a type, a priority
// and an owner.

/** Two entries of an index and a row: what is claimed, finished or delayed is not walked, be it dead in the index still. */
export const beginningOf = (of: string): string => `
           cross join lateral (
             select greatest(front.place,
                             (select place
                                from meanwhile_jobs
                               where type = ${of}.type
                                 and priority = ${of}.priority
                                 and owner = ${of}.owner
                                 and readiness = 'ready'
                                 and place > front.place
                               order by place desc
                               limit 1)) as base
               from (select coalesce((select place
                                        from meanwhile_jobs
                                       where type = ${of}.type
                                         and readiness = 'ready'
                                         and priority = ${of}.priority
                                         and place >= queue.reached -- what was handed back stands before it
                                       order by place
                                       limit 1), queue.reached) as place
                       from (select coalesce((select reached
                                                from meanwhile_queues
                                               where type = ${of}.type
                                                 and priority = ${of}.priority), 0) as reached
                             offset 0) as queue
                     offset 0) as front
             offset 0) as begun`;
