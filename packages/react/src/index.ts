// React hooks that follow a job of meanwhile.
export { MeanwhileProvider, useClient } from "./client-context.js";
export type { JobState } from "./job-state.js";
export { type JobView, type UseJobOptions, useJob } from "./use-job.js";
