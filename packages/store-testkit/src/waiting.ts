// Waiting for facts: with a limit, and with a name for what did not come.

export interface UntilOptions {
  /** What is waited for, as the error will name it: `the job is COMPLETED`. */
  what: string;
  /** Longest wait, in milliseconds of the machine's clock. Default: 5 000. */
  limitMs?: number;
}

/**
 * Asks again and again until the answer is neither `undefined` nor `null` nor `false`, and returns it.
 *
 * @throws Error naming `what` once the limit has passed; an error of `fact` itself at once.
 * @example await until(async () => (await store.jobs.find(id))?.completedAt, { what: "the job is over" });
 */
export async function until<T>(
  fact: () => T | Promise<T>,
  { what, limitMs = 5_000 }: UntilOptions,
): Promise<Exclude<T, undefined | null | false>> {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = await fact();
    if (found !== undefined && found !== null && found !== false) return found as Exclude<T, undefined | null | false>;
    if (performance.now() > end) throw new Error(`Waited ${limitMs} ms in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Short against any test, long enough to leave the machine to the work that is waited for. */
const POLL_MS = 2;

/** Something that code under test stops at until the test lets it pass. */
export class Gate {
  /** Resolves once the gate is open. */
  readonly passed: Promise<void>;
  #open!: () => void;
  #isOpen = false;

  constructor() {
    this.passed = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(): void {
    this.#isOpen = true;
    this.#open();
  }
}
