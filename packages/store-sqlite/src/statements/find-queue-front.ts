// Where the ready jobs of a type and priority begin: nobody who comes now gets a place at or before it.
import { statement } from "./statement.js";

export type FindQueueFront = [type: string, priority: number, type: string, priority: number];

export const findQueueFront = statement<FindQueueFront, [front: number]>(`
  select coalesce((select min(place)
                     from meanwhile_jobs indexed by meanwhile_jobs_waiting
                    where type = ?
                      and readiness = 'ready'
                      and priority = ?
                      and place >= queue.reached), -- what was handed back stands before it
                  queue.reached) as front
    from (select coalesce((select reached
                             from meanwhile_queues
                            where type = ?
                              and priority = ?), 0) as reached) as queue`);
