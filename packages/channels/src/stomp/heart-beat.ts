// Signs of life in both directions, as CONNECT agreed on.
import type { Clock } from "@meanwhile/core";
import type { Beats } from "./connect.js";

export interface HeartBeat {
  /** Something came. */
  heard(): void;
  stop(): void;
}

export interface HeartBeatOptions extends Beats {
  readonly clock: Clock;
  beat(): void;
  missed(): void;
  /** While nothing is read from the socket, silence says nothing. */
  isListening(): boolean;
}

/** So many intervals may pass in silence: timers of browsers in the background are late. */
const TOLERATED_INTERVALS = 3;

export function startHeartBeat(options: HeartBeatOptions): HeartBeat {
  const { clock, sendEveryMs, hearEveryMs } = options;
  let silentIntervals = 0;
  const ends = [
    repeat(clock, sendEveryMs, options.beat),
    repeat(clock, hearEveryMs, () => {
      silentIntervals = options.isListening() ? silentIntervals + 1 : 0;
      if (silentIntervals === TOLERATED_INTERVALS) options.missed();
    }),
  ];
  return {
    heard() {
      silentIntervals = 0;
    },
    stop() {
      for (const end of ends) end();
    },
  };
}

/** @param everyMs 0: never. */
function repeat(clock: Clock, everyMs: number, work: () => void): () => void {
  if (everyMs === 0) return () => {};
  let cancel = () => {};
  const arm = () => {
    cancel = clock.after(everyMs, () => {
      arm();
      work();
    });
  };
  arm();
  return () => cancel();
}
