// A reader that changes its channel again and again, and takes nothing along but the cursor.
import type { Reader } from "./reader.js";

/** @param options.every Events after which it changes to the next of the readers; behind the last comes the first. */
export const readInTurns =
  (readers: readonly Reader[], { every }: { every: number }): Reader =>
  async (reading) => {
    let after = reading.after;
    for (let turn = 0; !reading.signal.aborted; turn++) {
      const left = new AbortController();
      let noted = 0;
      await readers[turn % readers.length]!({
        ...reading,
        after,
        signal: AbortSignal.any([reading.signal, left.signal]),
        note(event) {
          reading.note(event);
          after = event.seq;
          if (++noted === every) left.abort();
        },
      });
      if (!left.signal.aborted) return;
    }
  };
