// Where a ready job stands in the order of claims.
import { statement } from "./statement.js";

export interface ReadyPlaceRow {
  readonly number: number;
  readonly type: string;
  readonly priority: number;
  readonly run_at: number;
}

export const findReadyPlace = statement<[id: string], ReadyPlaceRow>(`
  select number, type, priority, run_at
    from meanwhile_jobs
   where id = ?
     and readiness = 'ready'`);
