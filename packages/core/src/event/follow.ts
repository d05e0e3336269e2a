// `follow`: events handed out by a subscription, as something to iterate over.

const NEVER = new AbortController().signal;

/** Runs of events that may wait for a caller who is busy with the last one. */
const MOST_WAITING = 4;

/** What both kinds of subscription have in common. */
interface Pausable {
  pause(): void;
  resume(): void;
  close(): void;
}

interface Reader<T> {
  onEvents(events: readonly T[]): void;
  onEnd(): void;
  onError(error: unknown): void;
}

/**
 * Yields what the subscription hands out, until its end. An aborted signal ends it quietly.
 *
 * @throws whatever the subscription reports as its error, after all that came before.
 */
export async function* iterate<T>(
  subscribe: (reader: Reader<T>) => Pausable | Promise<Pausable>,
  signal: AbortSignal = NEVER,
): AsyncGenerator<T, void, undefined> {
  const waiting: (readonly T[])[] = [];
  let over: { readonly error?: unknown } | undefined;
  let wake = () => {};
  const subscription = await subscribe({
    onEvents(events) {
      if (waiting.push(events) >= MOST_WAITING) subscription.pause();
      wake();
    },
    onEnd() {
      over = {};
      wake();
    },
    onError(error) {
      over = { error };
      wake();
    },
  });
  try {
    while (!signal.aborted) {
      const events = waiting.shift();
      if (events !== undefined) {
        for (const event of events) {
          yield event;
          if (signal.aborted) return;
        }
        if (waiting.length === 0) subscription.resume();
      } else if (over !== undefined) {
        if ("error" in over) throw over.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.addEventListener("abort", wake, { once: true });
        });
        signal.removeEventListener("abort", wake);
      }
    }
  } finally {
    subscription.close();
  }
}
