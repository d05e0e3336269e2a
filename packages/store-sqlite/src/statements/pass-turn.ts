// Lets the head of a turn queue be claimed.
import { statement } from "./statement.js";

export const passTurn = statement<[owner: string, concurrencyKey: string], [type: string, number: number]>(`
  update meanwhile_jobs
     set readiness = 'ready',
         place = null -- drawn when the commit is done
   where readiness = 'blocked' -- a head that is delayed, leased or ready already stays as it is
     and number = (select number
                     from meanwhile_jobs indexed by meanwhile_jobs_turn
                    where owner = ?
                      and concurrency_key = ?
                      and turn is not null
                    order by turn
                    limit 1)
  returning type, number`);
