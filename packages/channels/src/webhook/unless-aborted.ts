// Waits for work that cannot be called off itself: an abort ends the waiting, not the work.

/**
 * @param discard Is given what the work brings after all, once nobody waits for it.
 * @throws the signal's reason once it aborts; what the work throws.
 */
export function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  discard: (late: T) => void = () => {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    work
      .then((value) => (signal.aborted ? discard(value) : resolve(value)), reject)
      .finally(() => signal.removeEventListener("abort", abort));
  });
}
