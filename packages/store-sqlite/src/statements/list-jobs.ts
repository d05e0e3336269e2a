// Lists of jobs: the fixed fragments that a query picks from.
import { JOB_COLUMNS, type JobRow } from "./job-columns.js";
import { type Statement, statement } from "./statement.js";

/** Parameters: number below, number from, one per filter in this order, limit. */
export const LIST_FILTERS = {
  owner: "owner = ?",
  type: "type = ?",
  status: "status = ?",
  callbackId: "callback_id = ?",
  createdAfter: "created_at > ?",
  createdBefore: "created_at < ?",
  tag: "exists (select 1 from json_each(tags) where value = ?)",
} as const;

export type ListFilter = keyof typeof LIST_FILTERS;

export type ListJobs = (string | number)[];

/** Newest first. The range of numbers is what bounds the walk, however few jobs match. */
export function listJobs(filters: readonly ListFilter[]): Statement<ListJobs, JobRow> {
  return statement(`
  select ${JOB_COLUMNS}
    from meanwhile_jobs not indexed -- newest first by number, whatever the filters seem to promise
   where number < ?
     and number >= ?${filters.map((filter) => `\n     and ${LIST_FILTERS[filter]}`).join("")}
   order by number desc
   limit ?`);
}
