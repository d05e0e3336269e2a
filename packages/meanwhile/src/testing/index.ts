// Tests of jobs without any server: `meanwhile/testing`.
export { type AttemptReport, type JobRun, type LoggedLine, type RunJobOptions, runJob } from "./run-job.js";
export type { SavedTestFile, TestFile } from "./test-files.js";
export { VirtualClock } from "./virtual-clock.js";
