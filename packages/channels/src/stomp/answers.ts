// /user/queue/jobs: the answers to a session's own submits, for each of its subscriptions there.
import { AppError, type IdSource } from "@meanwhile/core";
import type { OutgoingMessage, Subscription } from "./subscriptions.js";

export interface Answer {
  readonly contentType: string;
  readonly body: string;
  readonly correlationId: string | undefined;
}

export interface Answers {
  /** Subscriptions that each answer goes to. */
  readonly listeners: number;
  add(subscription: Subscription): void;
  remove(subscription: Subscription): void;
  /**
   * @returns whether anybody listens.
   * @throws AppError `rate_limited` where too many wait for acknowledgements already.
   */
  give(answer: Answer): boolean;
}

/** Answers stand in no log that could be read again: they are kept, and not without end. */
const MOST_WAITING = 100;

export interface AnswersParts {
  readonly ids: IdSource;
  message(subscription: Subscription, message: OutgoingMessage): void;
}

export function createAnswers({ ids, message }: AnswersParts): Answers {
  const listening = new Map<Subscription, OutgoingMessage[]>();

  const flush = (subscription: Subscription) => {
    const waiting = listening.get(subscription);
    if (waiting === undefined) return;
    while (waiting.length > 0 && subscription.window.isOpen()) message(subscription, waiting.shift()!);
    if (waiting.length > 0) void subscription.window.opened().then(() => flush(subscription));
  };

  return {
    get listeners() {
      return listening.size;
    },
    add: (subscription) => void listening.set(subscription, []),
    remove: (subscription) => void listening.delete(subscription),
    give({ contentType, body, correlationId }) {
      const outgoing: OutgoingMessage = {
        messageId: ids.uuid(),
        contentType,
        body,
        further: [["correlation-id", correlationId]],
      };
      for (const [subscription, waiting] of listening) {
        if (waiting.length >= MOST_WAITING) throw tooManyWaiting();
        waiting.push(outgoing);
        if (waiting.length === 1) flush(subscription);
      }
      return listening.size > 0;
    },
  };
}

function tooManyWaiting(): AppError {
  return new AppError("rate_limited", {
    message: `More than ${MOST_WAITING} answers wait for earlier ones to be acknowledged. Acknowledge them, or subscribe with ack:auto.`,
  });
}
