// Waiting that a signal can end, and work that a time limit can end. Every timer is cleared where it was set.

/** The longest timer there is, close to 25 days: what is longer, `Infinity` too, would fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * @param ms Waits beyond 25 days end after 25 days.
 * @throws the signal's reason.
 */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      },
      Math.min(ms, LONGEST_TIMER_MS),
    );
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/**
 * Runs work under a signal that fires with the caller's, or when the time (if any) is up. Settles then even if the work does not:
 * the fetch of Node 20 never does where a peer closes the connection as soon as it is made.
 *
 * @throws the signal's reason; what `late` gives once the time is up; what the work throws.
 */
export async function within<T>(
  { ms, signal, late }: { ms: number | undefined; signal: AbortSignal | undefined; late: () => Error },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const pass = () => controller.abort(signal?.reason);
  // A limit that no timer can hold is none.
  const isLimited = ms !== undefined && ms <= LONGEST_TIMER_MS;
  const timer = isLimited ? setTimeout(() => controller.abort(late()), ms) : undefined;
  signal?.addEventListener("abort", pass, { once: true });
  try {
    return await Promise.race([work(controller.signal), whenAborted(controller.signal)]);
  } catch (error) {
    controller.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", pass);
  }
}

/** Rejects with the signal's reason; never resolves. */
export function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
