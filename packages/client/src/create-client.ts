// `createClient`: everything that a program may ask of a server.
import type {
  FileResource,
  JobResource,
  JobStatus,
  PageResource,
  SubmitEnvelope,
  WebhookTarget,
} from "@meanwhile/protocol";
import { type DownloadedFile, download } from "./files/download.js";
import { type UploadOptions, type UploadSource, upload } from "./files/upload.js";
import type { Follower } from "./follow/follow-job.js";
import { Ladder } from "./follow/ladder.js";
import { readByLongPolling, readByPolling } from "./follow/polling.js";
import { readSse } from "./follow/sse.js";
import { createWebSocketTransport } from "./follow/websocket.js";
import { createHttpClient, keyHeader, searchOf } from "./http/http-client.js";
import { type HandleParts, type JobHandle, jobHandle } from "./job-handle.js";
import type { AnyJobs, JobTypeOf, ParametersArgument, ParametersOf, ResultOf } from "./job-types.js";
import { type ClientOptions, resolveOptions } from "./options.js";
import { createWebhookReceiver, type WebhookReceiver, type WebhookReceiverOptions } from "./webhook/receiver.js";

/** What a submit may say beside type and parameters. */
export interface SubmitOptions extends Omit<SubmitEnvelope, "type" | "parameters" | "runAt"> {
  /** Not before this instant. Not together with `delayMs`. Default: now. */
  runAt?: string | Date;
  /** The same key with the same request gives the same job. Default: a key of its own, so that a repeated request makes one job only. */
  idempotencyKey?: string;
  /** How long the submit itself waits for the end of the job, in milliseconds; at most 60 000. Default: not at all. */
  waitMs?: number;
  /** Where the server tells of the job's end (and of other events that are named). Default: nowhere. */
  webhook?: WebhookTarget;
  /** Ends the request; a job that was stored stays. */
  signal?: AbortSignal;
}

/** One job of a batch. */
export type BatchJob<Jobs> = {
  [Type in JobTypeOf<Jobs>]: { type: Type; parameters?: ParametersOf<Jobs, Type> } & Omit<
    SubmitOptions,
    "waitMs" | "signal"
  >;
}[JobTypeOf<Jobs>];

export interface ListQuery {
  type?: string;
  status?: JobStatus;
  tag?: string;
  callbackId?: string;
  /** Exclusive. */
  createdAfter?: string | Date;
  /** Exclusive. */
  createdBefore?: string | Date;
  /** Jobs of one page, 1 to 200. Default: 50. */
  limit?: number;
  /** The `nextCursor` of an earlier page. */
  cursor?: string;
}

export interface Client<Jobs = AnyJobs> {
  /** With a slash at its end. */
  readonly baseUrl: string;
  /**
   * Stores a job and gives it as a handle. Repeated by itself where the connection fails: the idempotency key sees to it
   * that there is one job.
   *
   * @throws ProblemError (`invalid_parameters` with `errors`, `queue_full`, …); ConnectionError; the signal's reason.
   * @example const { file } = await (await client.submit("files.convert", { file: id, targetFormat: "webp" })).result();
   */
  submit<Type extends JobTypeOf<Jobs>>(
    type: Type,
    ...rest: ParametersArgument<ParametersOf<Jobs, Type>, SubmitOptions>
  ): Promise<JobHandle<ResultOf<Jobs, Type>>>;
  /** Stores up to 1 000 jobs, all or none, and gives their handles in the same order. */
  batch<const Items extends readonly BatchJob<Jobs>[]>(
    jobs: Items,
    options?: { idempotencyKey?: string; signal?: AbortSignal },
  ): Promise<{ -readonly [Index in keyof Items]: JobHandle<ResultOf<Jobs, Items[Index]["type"]>> }>;
  /** A job that exists, by its id, in any process. Asks nobody; name the type to have the result typed. */
  job<Type extends JobTypeOf<Jobs> = JobTypeOf<Jobs>>(id: string): JobHandle<ResultOf<Jobs, Type>>;
  /** One page of jobs, newest first. A page may be short although `nextCursor` is set. */
  list(query?: ListQuery, options?: { signal?: AbortSignal }): Promise<PageResource<JobResource>>;
  /** Every job that fits, newest first; pages are read as they are needed. */
  listAll(query?: Omit<ListQuery, "cursor">, options?: { signal?: AbortSignal }): AsyncIterable<JobResource>;
  /**
   * Stores a file.
   *
   * @param source A Blob or File, a stream (sent once, never repeated), bytes, or, in Node, the path of a file.
   */
  upload(source: UploadSource, options?: UploadOptions): Promise<FileResource>;
  /** A file's bytes, as a stream or whole. @throws ProblemError `file_not_found`. */
  download(fileId: string, options?: { signal?: AbortSignal }): Promise<DownloadedFile>;
  /** Takes deliveries of webhooks, verified, and hands out the results that they bring. */
  webhookReceiver(options: WebhookReceiverOptions): WebhookReceiver<Jobs>;
}

/**
 * Makes a client. Nothing is sent before something is asked.
 *
 * @throws TypeError naming the option that is wrong.
 * @example
 * const client = createClient<typeof jobs>({ baseUrl: "https://api.example.com", token });
 * const job = await client.submit("images.convert", { file, targetFormat: "webp" });
 * for await (const { message } of job.progress()) show(message);
 * const { file: converted } = await job.result();
 */
export function createClient<Jobs = AnyJobs>(given: ClientOptions = {}): Client<Jobs> {
  const options = resolveOptions(given);
  const http = createHttpClient(options);
  const { stepUpAfterMs } = options.follow;
  const follower: Follower = {
    http,
    times: options.follow,
    reconnect: options.reconnect,
    ladder: new Ladder(options.transport, { stepUpAfterMs, notify: options.notify }),
    transports: {
      websocket: createWebSocketTransport(options),
      sse: readSse,
      "long-polling": readByLongPolling,
      polling: readByPolling,
    },
    notify: options.notify,
  };
  const parts: HandleParts = { http, follower, newIdempotencyKey };

  const list: Client["list"] = async (query = {}, { signal } = {}) => {
    const path = `api/v2/jobs?${searchOf(query)}`;
    return (await http.json<PageResource<JobResource>>({ path, signal })).body;
  };

  const client: Client = {
    baseUrl: options.baseUrl,
    async submit(type, ...[parameters, submitOptions]) {
      const { idempotencyKey = newIdempotencyKey(), waitMs = 0, signal, ...envelope } = submitOptions ?? {};
      const { body } = await http.json<JobResource>({
        method: "POST",
        path: "api/v2/jobs",
        json: { type, parameters, ...envelope },
        headers: { ...keyHeader(idempotencyKey), ...(waitMs > 0 ? { prefer: preferWait(waitMs) } : {}) },
        signal,
        waitMs,
      });
      return jobHandle(parts, body.id, body);
    },
    async batch(jobs, { idempotencyKey = newIdempotencyKey(), signal } = {}) {
      const headers = keyHeader(idempotencyKey);
      const call = { method: "POST" as const, path: "api/v2/jobs/batch", json: { jobs }, headers, signal };
      const { items } = (await http.json<{ items: JobResource[] }>(call)).body;
      return items.map((job) => jobHandle(parts, job.id, job)) as never;
    },
    job: (id) => jobHandle(parts, id),
    list,
    async *listAll(query = {}, { signal } = {}) {
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page = await list(
          { ...query, ...(cursor === undefined ? {} : { cursor }) },
          signal === undefined ? {} : { signal },
        );
        yield* page.items;
        cursor = page.nextCursor;
      }
    },
    upload: (source, uploadOptions) => upload(http, source, uploadOptions),
    download: (fileId, downloadOptions) => download(http, fileId, downloadOptions),
    webhookReceiver: (receiverOptions) => createWebhookReceiver(receiverOptions, (id) => jobHandle(parts, id)),
  };
  // The types are for the caller; here every job is like any other.
  return client as unknown as Client<Jobs>;
}

function preferWait(waitMs: number): string {
  return `wait=${Math.ceil(waitMs / 1_000)}`;
}

/** Not `randomUUID`: pages that did not come over TLS have none. */
function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
