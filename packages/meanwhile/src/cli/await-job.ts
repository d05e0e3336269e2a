// Waiting for a job to end, with a view of its events, a time limit and Ctrl-C.
import type { JobResource } from "@meanwhile/protocol";
import type { Command } from "commander";
import type { ApiClient } from "./api-client.js";
import { CliError } from "./cli-error.js";
import { type CliIo, printLine } from "./cli-io.js";
import { errorText } from "./event-text.js";
import { wholeNumber } from "./option-values.js";
import type { ProgressView } from "./progress-view.js";

export interface AwaitOptions {
  readonly io: CliIo;
  readonly view: ProgressView;
  readonly timeoutMs: number | undefined;
  readonly after?: number;
}

export function addTimeoutOption(command: Command): Command {
  return command.option(
    "--timeout-ms <number>",
    "give up waiting after this time (exit code 4); the job goes on",
    wholeNumber,
  );
}

/**
 * Follows the job to its end.
 *
 * @returns the job as it is then.
 * @throws CliError `timeout` and `interrupted`, and as `ApiClient.toCliError` has them.
 */
export async function awaitJob(api: ApiClient, jobId: string, options: AwaitOptions): Promise<JobResource> {
  const { io, view, timeoutMs } = options;
  const interruption = io.interruption();
  const limit = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const signal = limit === undefined ? interruption.signal : AbortSignal.any([interruption.signal, limit]);
  const client = api.client((notice) => {
    if (notice.kind === "away") printLine(io.stderr, `${messageOf(api.toCliError(notice.error))} Trying again …`);
  });
  try {
    // A server that was never there is reported at once; one that goes away is waited for.
    await getJob(api, jobId, signal);
    const job = client.job(jobId);
    for await (const event of job.events({ after: options.after ?? 0, signal })) view.show(event);
    return await job.get({ signal });
  } catch (error) {
    view.close();
    const goesOn = `It goes on; see it with: meanwhile watch ${jobId}`;
    if (interruption.signal.aborted) throw new CliError("interrupted", `Stopped watching the job. ${goesOn}`);
    if (limit?.aborted === true) {
      throw new CliError("timeout", `The job has not finished within ${timeoutMs} ms. ${goesOn}`);
    }
    throw api.toCliError(error);
  } finally {
    view.close();
    interruption.release();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function getJob(api: ApiClient, jobId: string, signal?: AbortSignal) {
  return api.request<JobResource>(`/api/v2/jobs/${encodeURIComponent(jobId)}`, signal === undefined ? {} : { signal });
}

/** @throws CliError `negative` where the job ended otherwise than `COMPLETED`. */
export function requireCompleted(job: JobResource): JobResource {
  if (job.status === "COMPLETED") return job;
  const why = job.error === null ? "" : `: ${errorText(job.error)}`;
  const how =
    job.status === "CANCELLED" ? "was cancelled" : job.status === "FAILED" ? "failed" : `ended as ${job.status}`;
  throw new CliError("negative", `The job ${job.id} ${how}${why}`);
}
