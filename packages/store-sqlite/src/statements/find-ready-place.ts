// Where a ready job stands in the order of claims.
import { statement } from "./statement.js";

export type ReadyPlaceRow = [number: number, type: string, priority: number, place: number];

export const findReadyPlace = statement<[id: string], ReadyPlaceRow>(`
  select number, type, priority, place
    from meanwhile_jobs
   where id = ?
     and readiness = 'ready'`);
