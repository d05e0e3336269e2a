// One job in the hands of a program: its outcome, its events, its progress, and what can be done to it.
import {
  isTerminal,
  type JobError,
  type JobEvent,
  type JobEventType,
  type JobResource,
  type LogLevel,
  type LogLineResource,
  type PageResource,
} from "@meanwhile/protocol";
import { JobCancelledError, JobFailedError, TimeoutError } from "./errors.js";
import { type Follower, followJob } from "./follow/follow-job.js";
import { type HttpClient, keyHeader, searchOf } from "./http/http-client.js";
import { within } from "./http/waiting.js";
import { type JobProgress, latestProgress } from "./progress.js";

/** A job as the server shows it, with the type of its result. */
export type JobOf<Result> = Omit<JobResource, "result"> & { result: Result | null };

/** An event whose `type` tells what is in its `data`. */
export type AnyJobEvent = { [Type in JobEventType]: JobEvent<Type> }[JobEventType];

export interface JobHandle<Result = unknown> {
  readonly id: string;
  /** The job as it was in the last answer about it; `undefined` before the first. Asks nobody. */
  readonly last: JobOf<Result> | undefined;
  /** The job as it is now. @throws ProblemError `job_not_found`; JobPurgedError. */
  get(options?: { signal?: AbortSignal }): Promise<JobOf<Result>>;
  /**
   * Waits until the job has ended, on whatever channel works, and gives its result.
   *
   * @param options.timeoutMs Longest wait, in milliseconds; then TimeoutError, and the job goes on. Default: no limit.
   * @throws JobFailedError with the job's own code and message; JobCancelledError; JobPurgedError; ProblemError;
   *   ConnectionError where the server stays away; the signal's reason.
   */
  result(options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<Result>;
  /**
   * Every event of the job once and in order, first those that are stored, then new ones, to the terminal one.
   *
   * @param options.after Last `seq` already seen; 0 (the default) begins at the beginning.
   * @throws as `result` does, but a job that failed or was cancelled is an event like any other.
   */
  events(options?: { after?: number; signal?: AbortSignal }): AsyncIterable<AnyJobEvent>;
  /** How far the job is, whenever that has changed: the newest only. Ends with the terminal status. */
  progress(options?: { signal?: AbortSignal }): AsyncIterable<JobProgress>;
  /** Asks for the end of the job. @throws ProblemError `job_already_finished`. */
  cancel(options?: { signal?: AbortSignal }): Promise<JobOf<Result>>;
  /** Makes a new job with the same parameters. @throws ProblemError `job_not_finished`. */
  rerun(options?: { idempotencyKey?: string; signal?: AbortSignal }): Promise<JobHandle<Result>>;
  /** Erases a finished job now, with everything that hangs on it. @throws ProblemError `job_not_finished`. */
  purge(options?: { signal?: AbortSignal }): Promise<void>;
  /**
   * A ticket that reads this job and nothing else, for a page of yours whose `EventSource` or `WebSocket` sends no
   * credentials. It holds until it expires, reconnects included, and dies with the credential that asked for it.
   *
   * @param options.ttlMs How long it holds, in milliseconds, at most a day. Default: 15 minutes.
   * @example new EventSource((await job.ticket()).eventsUrl);
   */
  ticket(options?: { ttlMs?: number; signal?: AbortSignal }): Promise<JobTicket>;
  /** A page of what the handler logged; `nextCursor` goes into `after`. */
  logs(options?: {
    after?: number;
    limit?: number;
    level?: LogLevel;
    signal?: AbortSignal;
  }): Promise<PageResource<LogLineResource>>;
}

export interface JobTicket {
  readonly ticket: string;
  /** RFC 3339. */
  readonly expiresAt: string;
  /** For `new EventSource(eventsUrl)`. Treat it like a password. */
  readonly eventsUrl: string;
}

export interface HandleParts {
  readonly http: HttpClient;
  readonly follower: Follower;
  newIdempotencyKey(): string;
}

export function jobHandle<Result>(parts: HandleParts, id: string, known?: JobResource): JobHandle<Result> {
  const { http, follower } = parts;
  const path = `api/v2/jobs/${encodeURIComponent(id)}`;
  let last = known;
  /** As the newest event says, which may be newer than the last answer. */
  let status = known?.status;

  const ask = async (method: "GET" | "POST", suffix: string, signal: AbortSignal | undefined) => {
    last = (await http.json<JobResource>({ method, path: `${path}${suffix}`, signal })).body;
    status = last.status;
    return last as JobOf<Result>;
  };

  const follow = async function* (after: number, signal: AbortSignal): AsyncGenerator<JobEvent, void> {
    for await (const event of followJob(follower, id, { after, signal })) yield await withResult(event, signal);
  };

  /** A large result stays behind when its event is pushed; here it is fetched. Not by its address: that of a file is the file. */
  const withResult = async (event: JobEvent, signal: AbortSignal): Promise<JobEvent> => {
    if (event.type !== "job.completed" || !("resultUrl" in (event.data as object))) return event;
    return { ...event, data: { result: (await ask("GET", "", signal)).result } };
  };

  const outcome = async (signal: AbortSignal): Promise<Result> => {
    const job = last ?? (await ask("GET", "", signal));
    if (isTerminal(job.status)) return settle(job) as Result;
    for await (const event of follow(job.lastSeq, signal)) {
      status = event.status;
      if (!isTerminal(status)) continue;
      const ended = endOf(id, event);
      last = { ...(last ?? job), ...ended, lastSeq: event.seq };
      return settle(ended) as Result;
    }
    // The log had ended already: what it said stands in the job.
    return settle(await ask("GET", "", signal)) as Result;
  };

  return {
    id,
    get last() {
      return last as JobOf<Result> | undefined;
    },
    get: ({ signal } = {}) => ask("GET", "", signal),
    result: ({ timeoutMs, signal } = {}) => {
      const late = () => new TimeoutError(id, { timeoutMs: timeoutMs ?? 0, status });
      return within({ ms: timeoutMs, signal, late }, outcome);
    },
    events: ({ after = 0, signal = new AbortController().signal } = {}) =>
      follow(after, signal) as AsyncIterable<AnyJobEvent>,
    progress: ({ signal } = {}) =>
      latestProgress((until) => followJob(follower, id, { after: 0, signal: until }), signal),
    cancel: ({ signal } = {}) => ask("POST", "/cancel", signal),
    async rerun({ idempotencyKey = parts.newIdempotencyKey(), signal } = {}) {
      const headers = keyHeader(idempotencyKey);
      const { body } = await http.json<JobResource>({ method: "POST", path: `${path}/rerun`, headers, signal });
      return jobHandle<Result>(parts, body.id, body);
    },
    async purge({ signal } = {}) {
      await http.json({ method: "POST", path: `${path}/purge`, signal });
    },
    async ticket({ ttlMs, signal } = {}) {
      const call = {
        method: "POST",
        path: `${path}/ticket`,
        json: ttlMs === undefined ? {} : { ttlMs },
        signal,
      } as const;
      const { ticket, expiresAt } = (await http.json<{ ticket: string; expiresAt: string }>(call)).body;
      return { ticket, expiresAt, eventsUrl: `${http.baseUrl}${path}/events?ticket=${encodeURIComponent(ticket)}` };
    },
    async logs({ signal, ...query } = {}) {
      const search = searchOf(query);
      return (await http.json<PageResource<LogLineResource>>({ path: `${path}/logs?${search}`, signal })).body;
    },
  };
}

/** As much of a job as its end needs. */
type Ended = Pick<JobResource, "id" | "status" | "result" | "error">;

function endOf(id: string, event: JobEvent): Ended {
  const { result = null, error = null } = event.data as { result?: unknown; error?: JobError | null };
  return { id, status: event.status, result, error };
}

/** @throws JobFailedError, JobCancelledError. */
export function settle(job: Ended): unknown {
  if (job.status === "COMPLETED") return job.result;
  if (job.status === "CANCELLED") throw new JobCancelledError(job.id);
  throw new JobFailedError(job);
}
