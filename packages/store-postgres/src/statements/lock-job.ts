// Finds a job, and keeps it from being erased until the end of the transaction.
import { statement } from "./statement.js";

export const lockJob = statement<[id: string], [number: number, owner: string]>(
  "lock_job",
  `
  select number, owner
    from meanwhile_submissions
   where id = $1
     for key share`,
);
