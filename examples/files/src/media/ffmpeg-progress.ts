// Reads the report that ffmpeg writes with `-progress`: lines of `key=value`, a block about every half second.

/** Reports in order, one at a time: while a report is on its way, only the newest of those that come meanwhile is kept. */
export class ProgressReader {
  /** How much of the recording is done, as far as ffmpeg has said. */
  secondsDone = 0;
  readonly #durationSeconds: number | undefined;
  readonly #report: (fraction: number, message: string) => Promise<void>;
  #sending: Promise<void> | undefined;
  #isStale = false;
  #failure: { readonly error: unknown } | undefined;

  /** @param durationSeconds `undefined` where the recording does not tell: the message counts seconds, the fraction stays at 0. */
  constructor(durationSeconds: number | undefined, report: (fraction: number, message: string) => Promise<void>) {
    this.#durationSeconds = durationSeconds;
    this.#report = report;
  }

  read(line: string): void {
    // Despite its name, `out_time_ms` counts microseconds in every release; `out_time_us` says so.
    const [, microseconds] = /^out_time_us=(\d+)$/.exec(line) ?? [];
    if (microseconds === undefined) return;
    this.secondsDone = Math.max(this.secondsDone, Number(microseconds) / 1_000_000);
    if (this.#sending === undefined) this.#sending = this.#send();
    else this.#isStale = true;
  }

  /** Ends when the last report has arrived. @throws what a report threw. */
  async settled(): Promise<void> {
    await this.#sending;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #send(): Promise<void> {
    try {
      do {
        this.#isStale = false;
        await this.#report(this.#fraction(), this.#message());
      } while (this.#isStale);
    } catch (error) {
      // Kept for `settled`: nobody awaits this promise while ffmpeg runs.
      this.#failure = { error };
    } finally {
      this.#sending = undefined;
    }
  }

  #fraction(): number {
    return this.#durationSeconds === undefined ? 0 : Math.min(this.secondsDone / this.#durationSeconds, 0.99);
  }

  #message(): string {
    const total = this.#durationSeconds === undefined ? "" : ` of ${clock(this.#durationSeconds)}`;
    return `Encoding ${clock(this.secondsDone)}${total}`;
  }
}

/** `1:02:03`, without the hours when there are none. */
function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}
