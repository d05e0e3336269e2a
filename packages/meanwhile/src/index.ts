// What authors of jobs and programs that use meanwhile as a library import.

export type { GrpcServer, GrpcServerOptions } from "@meanwhile/channel-grpc";
export {
  type AbortReason,
  type AnyJobDefinition,
  AppError,
  AttemptAbortedError,
  ConfigurationError,
  defineJob,
  type Engine,
  type Job,
  type JobContext,
  type JobDefinition,
  type JobFacts,
  type JobFiles,
  type JobLog,
  type JobOptions,
  type JobTransaction,
  type Logger,
  NonRetryableError,
  type OpenedFile,
  type Principal,
  type QueryResult,
  RetryAfterError,
  RetryableError,
  type RetryOptions,
  type SavedFile,
  type Store,
  TransactionError,
  type UserTransaction,
  type WorkerOptions,
} from "@meanwhile/core";
export type { JobError, JobEvent, JobEventType, JobResource, JobStatus } from "@meanwhile/protocol";
export type { FixedApiKey, HttpServer, JwtIssuerOptions, ServerOptions } from "@meanwhile/server";
// Also tells the compiler what `transaction` may be.
export type { PostgresTransaction } from "@meanwhile/store-postgres";
export type { MeanwhileAmqpOptions } from "./amqp.js";
export { defineConfig, type MeanwhileConfig } from "./config/config-file.js";
export { createMeanwhile, type Meanwhile, type MeanwhileOptions } from "./create-meanwhile.js";
export type { HttpHandler } from "./http-handler.js";
export { JobFailedError, type JobHandle, type SubmitJobOptions } from "./job-handle.js";
export type { WebhookOptions } from "./webhooks.js";
