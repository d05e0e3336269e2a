// React hooks that follow a job.
export {};
