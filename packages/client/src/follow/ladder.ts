// Which transport is used now: shared by everything that one client follows, because what fails for one job fails for all.
import type { Notice } from "../options.js";
import { TRANSPORTS, type TransportName } from "./transport.js";

/** However often a better way has failed, it is tried again after ten times the first wait. */
const MOST_TIMES = 10;

export class Ladder {
  readonly #rungs: readonly TransportName[];
  readonly #stepUpAfterMs: number;
  readonly #notify: (notice: Notice) => void;
  readonly #now: () => number;
  #place = 0;
  #times = 1;
  #upAt = 0;

  constructor(
    first: TransportName,
    {
      stepUpAfterMs,
      notify,
      now = Date.now,
    }: { stepUpAfterMs: number; notify: (notice: Notice) => void; now?: () => number },
  ) {
    this.#rungs = TRANSPORTS.slice(TRANSPORTS.indexOf(first));
    this.#stepUpAfterMs = stepUpAfterMs;
    this.#notify = notify;
    this.#now = now;
  }

  /** The one to use; the first again once it is time. */
  current(): TransportName {
    if (this.#place > 0 && this.#now() >= this.#upAt) {
      const from = this.#rung();
      this.#place = 0;
      this.#notify({ kind: "transport", from, to: this.#rung(), reason: "it is time to try again" });
    }
    return this.#rung();
  }

  /** Whether a better one than this should be tried now. */
  hasBetter(than: TransportName): boolean {
    return this.#rungs.indexOf(this.current()) < this.#rungs.indexOf(than);
  }

  /** This one does not work here: the next is used for a while. The last one is never left. */
  leave(transport: TransportName, reason: string): void {
    // Somebody else may have left it already.
    if (transport !== this.#rung() || this.#place === this.#rungs.length - 1) return;
    this.#place++;
    this.#upAt = this.#now() + this.#stepUpAfterMs * this.#times;
    this.#times = Math.min(MOST_TIMES, this.#times * 2);
    this.#notify({ kind: "transport", from: transport, to: this.#rung(), reason });
  }

  /** This one brought a job to its end: if it is the first, its failures are forgotten. */
  praise(transport: TransportName): void {
    if (transport === this.#rungs[0]) this.#times = 1;
  }

  #rung(): TransportName {
    return this.#rungs[this.#place]!;
  }
}
