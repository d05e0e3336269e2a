// `useJob`: a job in a component, followed while the component is there.
import type { Client, JobHandle } from "@meanwhile/client";
import { useCallback, useMemo, useSyncExternalStore } from "react";
import { useOptionalClient } from "./client-context.js";
import type { JobState } from "./job-state.js";
import { createJobStore } from "./job-store.js";

export interface UseJobOptions {
  /** Default: the one that `MeanwhileProvider` holds. Not needed with a handle. */
  client?: Pick<Client, "job">;
  /** Whether `events` is filled, from the first event on. Default: no. */
  events?: boolean;
}

export interface JobView<Result> extends JobState<Result> {
  /** Asks for the end of the job; `status` tells when it has come. @throws ProblemError `job_already_finished`. */
  cancel(): Promise<void>;
}

/**
 * Follows a job and draws the component anew when it changes. Ends with the component; a job that is followed again goes
 * on where it was.
 *
 * @param job A handle, an id, or nothing yet.
 * @throws TypeError for an id without a client.
 * @example const { status, progress, result, error, cancel } = useJob(jobId);
 */
export function useJob<Result = unknown>(
  job: JobHandle<Result> | string | null | undefined,
  options: UseJobOptions = {},
): JobView<Result> {
  const provided = useOptionalClient();
  const client = options.client ?? provided;
  const keepsEvents = options.events === true;
  const id = typeof job === "string" ? job : job?.id;
  // By its id: a handle that is made anew with each drawing is the same job.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see the line above
  const handle = useMemo(() => handleOf<Result>(job, client), [id, client]);
  const store = useMemo(() => createJobStore(handle, { keepsEvents }), [handle, keepsEvents]);
  // On the server there is nobody to follow: what is known is drawn.
  const state = useSyncExternalStore(store.subscribe, store.snapshot, store.snapshot);
  const cancel = useCallback(async () => void (await handle?.cancel()), [handle]);
  return useMemo(() => ({ ...state, cancel }), [state, cancel]);
}

function handleOf<Result>(
  job: JobHandle<Result> | string | null | undefined,
  client: Pick<Client, "job"> | undefined,
): JobHandle<Result> | undefined {
  if (job === null || job === undefined) return undefined;
  if (typeof job !== "string") return job;
  if (client !== undefined) return client.job(job) as JobHandle<Result>;
  throw new TypeError("useJob: an id needs a client. Wrap the page in MeanwhileProvider, or pass { client }.");
}
