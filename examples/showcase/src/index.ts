// The demonstration types, for tests and programs of your own.
export { countdown, demoJobs, echo, fail, log, sleep } from "./demo-jobs.js";
