// The messages of one subscription that the client has not acknowledged yet: at most a hundred, then it pauses.
import { AppError } from "@meanwhile/core";
import type { Passage } from "../socket/follows.js";

export const ACK_MODES = ["auto", "client", "client-individual"] as const;

export type AckMode = (typeof ACK_MODES)[number];

/** Open while one more may be sent. */
export interface AckWindow extends Passage {
  /** @returns the id by which the message is to be acknowledged; `undefined` in the mode `auto`. */
  sent(messageId: string): string | undefined;
  /**
   * By the number at the end of the id that `sent` gave. A second time it is harmless.
   *
   * @throws AppError `invalid_request` for an id that was never given.
   */
  acknowledge(count: number): void;
  /** By the message's own id, as versions 1.0 and 1.1 do; one that does not wait is passed over. */
  acknowledgeMessage(messageId: string): void;
  end(): void;
}

/** By the contract. */
export const MOST_UNACKNOWLEDGED = 100;

/** @param name Begins every id, so that those of other subscriptions differ. */
export function createAckWindow(name: string, mode: AckMode): AckWindow {
  /** In the order of sending: message ids by their count. */
  const waiting = new Map<number, string>();
  /** The other way round: looked up for every frame, in every window, by clients of version 1.0. */
  const counts = new Map<string, number>();
  let count = 0;
  let ended = false;
  let go: (() => void) | undefined;

  const hasRoom = () => ended || waiting.size < MOST_UNACKNOWLEDGED;

  const forget = (number: number) => {
    counts.delete(waiting.get(number)!);
    waiting.delete(number);
  };

  const drop = (upTo: number) => {
    if (!waiting.has(upTo)) return;
    // In the mode `client` an acknowledgement counts for all before it, too.
    if (mode === "client") for (const each of [...waiting.keys()]) if (each < upTo) forget(each);
    forget(upTo);
    if (hasRoom()) go?.();
  };

  return {
    isOpen: hasRoom,
    opened: () =>
      new Promise((resolve) => {
        go = resolve;
      }),
    sent(messageId) {
      if (mode === "auto") return undefined;
      count++;
      waiting.set(count, messageId);
      counts.set(messageId, count);
      return `${name}-${count}`;
    },
    acknowledge(number) {
      if (number > count) throw new AppError("invalid_request", { message: "No message with this ack was ever sent." });
      drop(number);
    },
    acknowledgeMessage(messageId) {
      const number = counts.get(messageId);
      if (number !== undefined) drop(number);
    },
    end() {
      ended = true;
      waiting.clear();
      counts.clear();
      go?.();
    },
  };
}

/** @throws AppError `invalid_request` naming the modes. */
export function readAckMode(text: string = "auto"): AckMode {
  const mode = ACK_MODES.find((known) => known === text);
  if (mode !== undefined) return mode;
  throw new AppError("invalid_request", {
    message: `ack must be one of ${ACK_MODES.join(", ")}; got ${JSON.stringify(text.slice(0, 40))}.`,
  });
}
