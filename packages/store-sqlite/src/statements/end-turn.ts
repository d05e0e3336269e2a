// Takes a terminal job out of its turn queue.
import { statement } from "./statement.js";

export const endTurn = statement<[number: number]>(`
  update meanwhile_jobs
     set turn = null
   where number = ?`);
