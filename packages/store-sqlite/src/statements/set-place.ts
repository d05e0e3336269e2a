// Puts a ready job into its place.
import { statement } from "./statement.js";

export const setPlace = statement<[place: number, number: number]>(`
  update meanwhile_jobs
     set place = ?
   where number = ?`);
