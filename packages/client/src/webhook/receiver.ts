// Takes deliveries, each once, and gives the results that they bring to whoever waits for them.
import { isTerminal, type JobError, type JobStatus, type WebhookBody } from "@meanwhile/protocol";
import { TimeoutError, WebhookVerificationError } from "../errors.js";
import { within } from "../http/waiting.js";
import { type JobHandle, settle } from "../job-handle.js";
import type { JobTypeOf, ResultOf } from "../job-types.js";
import { BodyTooLargeError } from "./body-pieces.js";
import { BoundedMap } from "./bounded-map.js";
import { readFetchText } from "./fetch-request.js";
import { BodyTakenError, type NodeRequest, type NodeResponse, readNodeBody } from "./node-request.js";
import { readDelivery, type VerifyOptions, type WebhookRequest } from "./verify.js";

export interface WebhookReceiverOptions extends Pick<VerifyOptions, "toleranceMs"> {
  /** `whsec_…`; several while one is rotated. */
  secret: string | readonly string[];
  /**
   * Called for every delivery once, as they come: compare `data.event.seq` where order matters. The sender gets its 2xx
   * when this has resolved; where it throws, 500, and the delivery comes again. Default: nothing is called.
   */
  onDelivery?: (body: WebhookBody) => void | Promise<void>;
  /** Told why a delivery was not taken: forged, unreadable, or `onDelivery` threw. Default: nobody. */
  onRefusal?: (error: unknown) => void;
  /** Ids of deliveries that are remembered, to know doubles. Default: 10 000. */
  rememberedDeliveries?: number;
  /** Jobs whose end is remembered for a `result` that is asked for later. Default: 1 000. */
  rememberedJobs?: number;
  /** Largest body that is read, in bytes. Default: 4 194 304 (4 MiB). */
  maxBodyBytes?: number;
}

export interface WebhookReceiver<Jobs> {
  /** For `node:http`, Express and their like, mounted in front of body parsers. */
  readonly nodeHandler: (request: NodeRequest, response: NodeResponse) => Promise<void>;
  /** For everything that speaks Fetch: Next, Hono, Deno, Bun, workers. */
  readonly fetchHandler: (request: Request) => Promise<Response>;
  /**
   * Waits for the delivery of the job's end. The job is read once at the beginning, for an end that was delivered to
   * another process, and once at the deadline, for a delivery that did not come.
   *
   * @param options.timeoutMs Longest wait, in milliseconds; then TimeoutError. Default: 3 600 000 (an hour).
   * @throws as `JobHandle.result` does.
   */
  result<Type extends JobTypeOf<Jobs> = JobTypeOf<Jobs>>(
    jobId: string,
    options?: { timeoutMs?: number; signal?: AbortSignal },
  ): Promise<ResultOf<Jobs, Type>>;
}

/** How a job ended, as far as its delivery said; `result` is only right where `isWhole`. */
interface JobEnd {
  readonly id: string;
  readonly status: JobStatus;
  readonly result: unknown;
  readonly error: JobError | null;
  readonly isWhole: boolean;
}

const AN_HOUR_MS = 3_600_000;

export function createWebhookReceiver<Jobs>(
  options: WebhookReceiverOptions,
  handleOf: (jobId: string) => JobHandle,
): WebhookReceiver<Jobs> {
  const { secret, onDelivery, toleranceMs, maxBodyBytes = 4 * 1024 * 1024 } = options;
  /** Ids of deliveries that were taken, or are just being taken: a double waits for the first and shares its fate. */
  const taken = new BoundedMap<string, Promise<void>>(options.rememberedDeliveries ?? 10_000);
  const ends = new BoundedMap<string, JobEnd>(options.rememberedJobs ?? 1_000);
  const waiting = new Map<string, Set<(end: JobEnd) => void>>();

  const answer = async (taking: () => Promise<void>) => {
    try {
      await taking();
      return { status: 204, text: null };
    } catch (error) {
      options.onRefusal?.(error);
      return refusalOf(error);
    }
  };

  const take = async (request: WebhookRequest): Promise<void> => {
    const { id, body } = await readDelivery(request, secret, toleranceMs === undefined ? {} : { toleranceMs });
    const earlier = taken.get(id);
    if (earlier !== undefined) return earlier;
    const taking = handOver(body);
    taken.set(id, taking);
    // What failed must come again.
    taking.catch(() => taken.delete(id));
    return taking;
  };

  const handOver = async (body: WebhookBody): Promise<void> => {
    await onDelivery?.(body);
    const end = endIn(body);
    if (end === undefined) return;
    ends.set(end.id, end);
    for (const tell of waiting.get(end.id) ?? []) tell(end);
  };

  const delivered = (jobId: string, signal: AbortSignal): Promise<JobEnd> =>
    new Promise((resolve, reject) => {
      const tells = waiting.get(jobId) ?? new Set();
      waiting.set(jobId, tells);
      const leave = () => {
        tells.delete(tell);
        if (tells.size === 0) waiting.delete(jobId);
      };
      const tell = (end: JobEnd) => {
        leave();
        resolve(end);
      };
      tells.add(tell);
      signal.addEventListener(
        "abort",
        () => {
          leave();
          reject(signal.reason);
        },
        { once: true },
      );
    });

  const result = async (
    jobId: string,
    { timeoutMs = AN_HOUR_MS, signal }: { timeoutMs?: number; signal?: AbortSignal } = {},
  ) => {
    const job = handleOf(jobId);
    const known = ends.get(jobId);
    if (known !== undefined) return settleEnd(known, job, signal);
    const late = () => new TimeoutError(jobId, { timeoutMs, status: job.last?.status });
    try {
      const end = await within({ ms: timeoutMs, signal, late }, (until) =>
        firstOf(job, delivered(jobId, until), until),
      );
      return await settleEnd(end, job, signal);
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      const now = await job.get(signal === undefined ? {} : { signal });
      if (isTerminal(now.status)) return settle(now);
      throw new TimeoutError(jobId, { timeoutMs, status: now.status });
    }
  };

  return {
    async fetchHandler(request) {
      const { headers } = request;
      const body = () => readFetchText(request, maxBodyBytes);
      const { status, text } = await answer(() => take({ headers, text: body }));
      return new Response(text, { status });
    },
    async nodeHandler(request, response) {
      const { status, text } = await answer(async () => {
        await take({ headers: request.headers, body: await readNodeBody(request, maxBodyBytes) });
      });
      response.writeHead(status, text === null ? {} : { "content-type": "text/plain" }).end(text ?? "");
    },
    result: result as WebhookReceiver<Jobs>["result"],
  };
}

/** The end that was delivered, or that the job has reached already. */
async function firstOf(job: JobHandle, delivery: Promise<JobEnd>, signal: AbortSignal): Promise<JobEnd> {
  const reached = job.get({ signal }).then(
    (now) => (isTerminal(now.status) ? { ...now, isWhole: true } : delivery),
    // A server that cannot be asked now may still deliver; the reading at the deadline says what is wrong.
    () => delivery,
  );
  return Promise.race([delivery, reached]);
}

async function settleEnd(end: JobEnd, job: JobHandle, signal: AbortSignal | undefined): Promise<unknown> {
  // A large result stays behind.
  return settle(end.isWhole ? end : await job.get(signal === undefined ? {} : { signal }));
}

/** A later delivery of an earlier event changes nothing: only an end is kept, and there is one. */
function endIn({ data: { event, job } }: WebhookBody): JobEnd | undefined {
  if (!isTerminal(event.status)) return undefined;
  const data = event.data as { result?: unknown; error?: JobError | null; resultUrl?: string };
  return {
    id: job.id,
    status: event.status,
    result: data.result ?? null,
    error: data.error ?? null,
    isWhole: data.resultUrl === undefined,
  };
}

/**
 * What is no delivery of ours is 400. Everything else is a fault of the receiver: 500, and the delivery comes again. The
 * sender keeps the text with the delivery, so it tells what to mend, but nothing that `onDelivery` threw.
 */
function refusalOf(error: unknown): { status: number; text: string } {
  if (error instanceof WebhookVerificationError) return { status: 400, text: `${error.code}: ${error.message}\n` };
  if (error instanceof BodyTooLargeError) return { status: 413, text: `${error.message}\n` };
  if (error instanceof BodyTakenError) return { status: 500, text: `${error.message}\n` };
  return { status: 500, text: "The receiver failed.\n" };
}
