// What the side tables know a job by.
import { statement } from "./statement.js";

export const findJobNumber = statement<[id: string], [number: number, owner: string]>(`
  select number, owner
    from meanwhile_jobs
   where id = ?`);
