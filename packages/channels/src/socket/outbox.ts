// What was written to a connection and not yet taken: the only buffer there is, and it is bounded.
//
// 1. Events are pulled from the log only while less than `PAUSE_BYTES` wait; a reader that is slow costs a cursor.
// 2. Waiters are let on one by one, each after the one before it has written: many followed jobs overshoot by one event.
// 3. Answers cannot wait. Where `MOST_BYTES` wait already, or nothing was taken for a while, the reader is cut.
import type { Clock } from "@meanwhile/core";
import type { WebSocket } from "ws";
import type { Passage } from "./follows.js";

export interface Outbox extends Passage {
  /** Bytes that the other side has not taken yet. */
  readonly waitingBytes: number;
  /** @returns whether it was written; not where too much waits. */
  send(message: string | Buffer): boolean;
  /** Whether much waits and nothing was taken since the last call. */
  stoodStill(): boolean;
  /** Lets every waiter go. */
  end(): void;
}

/** Far below the limit: events wait in the log, where they cost nothing. */
export const PAUSE_BYTES = 64 * 1024;

/** By the contract: who is this far behind is cut, and resumes by cursor. */
export const MOST_BYTES = 1024 * 1024;

export function createOutbox(socket: WebSocket, clock: Clock): Outbox {
  let waitingBytes = 0;
  let taken = false;
  let ended = false;
  let waking = false;
  const waiters: (() => void)[] = [];

  const hasRoom = () => ended || waitingBytes < PAUSE_BYTES;

  const wake = () => {
    if (waking || waiters.length === 0 || !hasRoom()) return;
    waking = true;
    waiters.shift()!();
    // By the next turn it has written what it held, or found that nobody wants it any more.
    clock.nextTurn(() => {
      waking = false;
      wake();
    });
  };

  return {
    get waitingBytes() {
      return waitingBytes;
    },
    send(message) {
      if (waitingBytes >= MOST_BYTES) return false;
      const bytes = typeof message === "string" ? Buffer.from(message) : message;
      waitingBytes += bytes.length;
      socket.send(bytes, TEXT, () => {
        waitingBytes -= bytes.length;
        taken = true;
        wake();
      });
      return true;
    },
    isOpen: () => ended || (waitingBytes < PAUSE_BYTES && waiters.length === 0),
    opened: () =>
      new Promise((resolve) => {
        waiters.push(resolve);
        wake();
      }),
    stoodStill() {
      const still = waitingBytes >= PAUSE_BYTES && !taken;
      taken = false;
      return still;
    },
    end() {
      ended = true;
      for (const go of waiters.splice(0)) go();
    },
  };
}

const TEXT = { binary: false } as const;
