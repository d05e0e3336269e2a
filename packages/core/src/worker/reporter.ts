// What a running attempt tells the world: progress, throttled, and output, in order.
import { findUnstorableText, LIMITS } from "@meanwhile/protocol";
import type { Writer } from "../batch/writer.js";
import type { Clock } from "../clock.js";
import { AttemptAbortedError, NonRetryableError } from "../definition/handler-errors.js";
import type { ClaimedJob, Progress } from "../job/job.js";
import { jsonTextPayload, type Payload } from "../job/payload.js";
import { isRefusal, transition } from "../job/transitions.js";
import { shortText } from "../storable-text.js";

export interface ReporterOptions {
  job: ClaimedJob;
  writer: Writer;
  clock: Clock;
  progressEveryMs: number;
  /** A write found the lease gone. */
  onLeaseLost(): void;
  /** A write failed for another reason. */
  onError(error: unknown): void;
}

/**
 * 1. Of progress the latest wins; it is written at most every `progressEveryMs`.
 * 2. What is not yet written when the attempt ends travels in the settling change (`takeProgress`).
 * 3. After `close` nothing is written any more.
 */
export class Reporter {
  readonly #options: ReporterOptions;
  #pending: Progress | undefined;
  #lastWriteAt = 0;
  #cancelTimer: (() => void) | undefined;
  #outputs = 0;
  #closed = false;
  #violation: unknown;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  progress(progress: Progress): void {
    if (this.#closed) return;
    this.#pending = progress;
    if (this.#cancelTimer !== undefined) return;
    const { clock, progressEveryMs } = this.#options;
    // At most: a clock that was set back must not hold it up.
    const waitMs = Math.min(progressEveryMs, this.#lastWriteAt + progressEveryMs - clock.now());
    if (waitMs <= 0) this.#writeProgress();
    else {
      this.#cancelTimer = clock.after(waitMs, () => {
        this.#cancelTimer = undefined;
        this.#writeProgress();
      });
    }
  }

  /** The first limit that an output broke: the job fails by it, whether or not the handler looked at the promise. */
  get violation(): unknown {
    return this.#violation;
  }

  /** @throws NonRetryableError `output_limit`; AttemptAbortedError where the lease is gone. */
  async output(chunk: unknown): Promise<void> {
    if (this.#closed) throw new AttemptAbortedError("lease_lost");
    const payload = this.#admit(chunk);
    const written = this.#write({ outputs: [payload] });
    this.#writing = written.then(
      () => undefined,
      () => undefined,
    );
    if (!(await written)) throw new AttemptAbortedError("lease_lost");
  }

  #admit(chunk: unknown): Payload {
    try {
      if (++this.#outputs > LIMITS.outputCalls) {
        throw new NonRetryableError("output_limit", `A job may give at most ${LIMITS.outputCalls} outputs.`);
      }
      return outputPayload(chunk);
    } catch (error) {
      this.#violation ??= error;
      throw error;
    }
  }

  /** What was never written, for the settling change. */
  takeProgress(): Progress | undefined {
    const progress = this.#pending;
    this.#pending = undefined;
    return progress;
  }

  /** Ends the reporting; resolves when what was under way is written. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    await this.#writing;
  }

  #writeProgress(): void {
    const progress = this.takeProgress();
    if (progress === undefined || this.#closed) return;
    this.#lastWriteAt = this.#options.clock.now();
    this.#writing = this.#write({ progress }).then(
      () => undefined,
      (error: unknown) => {
        // It is only progress: the next one, or the settling change, says it again.
        this.#pending ??= progress;
        this.#options.onError(error);
      },
    );
  }

  /** @returns `false` where the lease is gone. */
  async #write(what: { progress?: Progress; outputs?: readonly Payload[] }): Promise<boolean> {
    const { job, writer, clock, onLeaseLost } = this.#options;
    const decision = transition(job, { kind: "report", leaseToken: job.lease.token, ...what }, clock.now());
    if (isRefusal(decision)) return false;
    const result = await writer.commit(decision, { type: job.type });
    if (result.outcome === "committed") return true;
    onLeaseLost();
    return false;
  }
}

function outputPayload(chunk: unknown): Payload {
  const text = JSON.stringify(chunk) ?? "null";
  if (Buffer.byteLength(text) > LIMITS.outputChunkBytes) {
    throw new NonRetryableError(
      "output_limit",
      `One output may have at most ${LIMITS.outputChunkBytes} bytes of JSON.`,
    );
  }
  if (text.includes("\\u") && findUnstorableText(chunk) !== undefined) {
    throw new NonRetryableError("output_limit", "An output must not hold NUL or a lone surrogate.");
  }
  return jsonTextPayload(`{"chunk":${text}}`);
}

/** @throws RangeError where the fraction is not from 0 to 1. */
export function progressOf(
  fraction: number,
  message: string | undefined,
  steps: { currentStep: number; totalSteps: number } | undefined,
): Progress {
  if (!(fraction >= 0 && fraction <= 1)) {
    throw new RangeError(`progress(fraction): the fraction must be from 0 to 1, got ${fraction}.`);
  }
  return {
    fraction,
    message: message === undefined ? null : shortText(String(message), LONGEST_MESSAGE),
    currentStep: steps?.currentStep ?? null,
    totalSteps: steps?.totalSteps ?? null,
  };
}

const LONGEST_MESSAGE = 1_000;
