// The typed client of meanwhile, for Node and browsers.
export { type BatchJob, type Client, createClient, type ListQuery, type SubmitOptions } from "./create-client.js";
export * from "./errors.js";
export type { DownloadedFile } from "./files/download.js";
export type { UploadOptions, UploadSource } from "./files/upload.js";
export type { TransportName } from "./follow/transport.js";
export type { WebSocketConstructor, WebSocketLike } from "./follow/websocket-types.js";
export type { AnyJobEvent, JobHandle, JobOf, JobTicket } from "./job-handle.js";
export type { AnyJobs, DefinitionOf, JobShape, JobTypeOf, ParametersOf, ResultOf } from "./job-types.js";
export type { ClientOptions, FetchFunction, FollowTimes, Notice, RetryOptions, TokenSource } from "./options.js";
export { advance, type JobProgress, NO_PROGRESS } from "./progress.js";
export type { NodeRequest, NodeResponse } from "./webhook/node-request.js";
export type { WebhookReceiver, WebhookReceiverOptions } from "./webhook/receiver.js";
export { type HeadersLike, type VerifyOptions, verifyWebhook, type WebhookRequest } from "./webhook/verify.js";
