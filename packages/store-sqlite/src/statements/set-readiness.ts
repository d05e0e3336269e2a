// A delayed job is due: it becomes ready, or waits for its turn.
import { statement } from "./statement.js";

export const setReadiness = statement<[readiness: string, turn: number | null, place: number | null, number: number]>(`
  update meanwhile_jobs
     set readiness = ?,
         turn = ?,
         place = ?
   where number = ?`);
