// A page of jobs, newest first: the walk and the filters that were asked for.
import { JOB_COLUMNS, type JobRow } from "./job-columns.js";
import { type Statement, statement } from "./statement.js";

/** In the order of their parameters; `?` stands for the value. */
export const LIST_FILTERS = {
  type: "jobs.type = ?",
  status: "jobs.status = ?",
  callbackId: "submissions.callback_id = ?",
  createdAfter: "submissions.created_at > ?::bigint",
  createdBefore: "submissions.created_at < ?::bigint",
  tag: "exists (select 1 from json_array_elements_text(submissions.tags::json) as tags (name) where tags.name = ?)",
} as const;

export type ListFilter = keyof typeof LIST_FILTERS;

/** Number below, number from, limit, the owner where one is asked for, then one per filter. */
export type ListJobs = (string | number)[];

export function listJobs(of: "all" | "owned", filters: readonly ListFilter[]): Statement<ListJobs, JobRow> {
  const first = of === "owned" ? 5 : 4;
  const narrowed = filters.map(
    (filter, index) => `\n     and ${LIST_FILTERS[filter].replace("?", `$${first + index}`)}`,
  );
  return statement(
    `list_jobs_${of}_${filters.map((filter) => NAMES[filter]).join("")}`,
    `
  select ${JOB_COLUMNS}
    from meanwhile_submissions as submissions
    join meanwhile_jobs as jobs on jobs.number = submissions.number
   where submissions.number < $1::bigint
     and submissions.number >= $2::bigint${of === "owned" ? "\n     and submissions.owner = $4" : ""}${narrowed.join("")}
   order by submissions.number desc
   limit $3::bigint`,
  );
}

/** One letter each: the name of a prepared statement is short. */
const NAMES: Readonly<Record<ListFilter, string>> = {
  type: "t",
  status: "s",
  callbackId: "c",
  createdAfter: "a",
  createdBefore: "b",
  tag: "g",
};
