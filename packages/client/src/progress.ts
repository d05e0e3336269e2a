// A job's progress as a sequence of which only the newest counts: a slow reader skips what is outdated.
import { isTerminal, type JobEvent, type JobStatus } from "@meanwhile/protocol";

export interface JobProgress {
  readonly status: JobStatus;
  /** 0 to 1, and 1 once the job is `COMPLETED`. */
  readonly progress: number;
  readonly message: string | null;
  readonly currentStep: number | null;
  readonly totalSteps: number | null;
  readonly attempt: number;
}

export const NO_PROGRESS: JobProgress = {
  status: "PENDING",
  progress: 0,
  message: null,
  currentStep: null,
  totalSteps: null,
  attempt: 0,
};

/** The progress after the event; the same object where the event changes nothing of it. */
export function advance(before: JobProgress, event: JobEvent): JobProgress {
  const { status, attempt } = event;
  if (event.type === "job.progress") {
    const {
      progress,
      message = null,
      currentStep = null,
      totalSteps = null,
    } = event.data as JobEvent<"job.progress">["data"];
    return { status, attempt, progress, message, currentStep, totalSteps };
  }
  // A new attempt begins anew.
  if (event.type === "job.started") return { ...NO_PROGRESS, status, attempt };
  if (status === "COMPLETED") return { ...before, status, attempt, progress: 1 };
  return status === before.status && attempt === before.attempt ? before : { ...before, status, attempt };
}

/**
 * Yields the progress as it is now, whenever it has changed since the last one taken; at last that of the terminal status.
 *
 * @param follow Gives the events, and ends with the signal that it is handed.
 */
export async function* latestProgress(
  follow: (signal: AbortSignal) => AsyncIterable<JobEvent>,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobProgress, void> {
  const controller = new AbortController();
  const pass = () => controller.abort(signal?.reason);
  signal?.addEventListener("abort", pass, { once: true });
  let latest = NO_PROGRESS;
  let state: "open" | "over" | { error: unknown } = "open";
  let wake = () => {};
  const pump = async () => {
    for await (const event of follow(controller.signal)) {
      latest = advance(latest, event);
      wake();
      if (isTerminal(event.status)) return;
    }
  };
  const pumped = pump().then(
    () => {
      state = "over";
      wake();
    },
    (error: unknown) => {
      state = { error };
      wake();
    },
  );
  try {
    signal?.throwIfAborted();
    for (let shown: JobProgress = NO_PROGRESS; ; ) {
      if (latest !== shown) {
        shown = latest;
        yield shown;
      } else if (state === "open") {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else if (state === "over") return;
      else throw (state as { error: unknown }).error;
    }
  } finally {
    signal?.removeEventListener("abort", pass);
    controller.abort();
    await pumped;
  }
}
