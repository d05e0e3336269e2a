// Pages of jobs, newest first: the fixed fragments that a query picks from.
import { JOB_COLUMNS, type JobRow } from "./job-columns.js";
import { LIMIT, type Statement, statement } from "./statement.js";

/** In the order of their parameters. */
export const LIST_FILTERS = {
  type: "type = ?",
  status: "status = ?",
  callbackId: "callback_id = ?",
  createdAfter: "created_at > ?",
  createdBefore: "created_at < ?",
  tag: "exists (select 1 from json_each(tags) where value = ?)",
} as const;

export type ListFilter = keyof typeof LIST_FILTERS;

/** The owner where one is asked for, number below, number from, one per filter, limit. */
export type ListJobs = (string | number)[];

// The range of numbers is what bounds the walk, however few jobs match; no filter may tempt the planner off it.
const ALL = `from meanwhile_jobs not indexed
   where number < ?
     and number >= ?`;

const OWNED = `from meanwhile_jobs indexed by meanwhile_jobs_owner
   where owner = ?
     and number < ?
     and number >= ?`;

export function listJobs(of: "all" | "owned", filters: readonly ListFilter[]): Statement<ListJobs, JobRow> {
  return statement(`
  select ${JOB_COLUMNS}
    ${of === "owned" ? OWNED : ALL}${filters.map((filter) => `\n     and ${LIST_FILTERS[filter]}`).join("")}
   order by number desc
   ${LIMIT}`);
}
