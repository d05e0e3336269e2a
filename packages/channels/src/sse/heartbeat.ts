// Signs of life for all streams by one timer.
import type { Clock } from "@meanwhile/core";

export interface Beating {
  beat(now: number): void;
}

export interface Heartbeat {
  add(stream: Beating): void;
  remove(stream: Beating): void;
}

/** The streams take turns, so that ten thousand of them are no burst. */
const PLACES = 15;

/** @param options.everyMs How often each stream is called. The timer runs while there are any. */
export function createHeartbeat({ clock, everyMs }: { clock: Clock; everyMs: number }): Heartbeat {
  const places = Array.from({ length: PLACES }, () => new Set<Beating>());
  const placeOf = new Map<Beating, Set<Beating>>();
  let next = 0;
  let turn = 0;
  let cancelTimer: (() => void) | undefined;

  const tick = () => {
    cancelTimer = clock.after(everyMs / PLACES, tick);
    const now = clock.now();
    for (const stream of places[turn++ % PLACES]!) stream.beat(now);
  };

  return {
    add(stream) {
      const place = places[next++ % PLACES]!;
      place.add(stream);
      placeOf.set(stream, place);
      cancelTimer ??= clock.after(everyMs / PLACES, tick);
    },
    remove(stream) {
      placeOf.get(stream)?.delete(stream);
      placeOf.delete(stream);
      if (placeOf.size > 0) return;
      cancelTimer?.();
      cancelTimer = undefined;
    },
  };
}
