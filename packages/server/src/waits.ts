// Requests that wait for a job: counted per owner, answered at once when the server drains or the caller leaves.
import { AppError, type Principal } from "@meanwhile/core";
import type { FastifyReply } from "fastify";

export interface Waits {
  /** Whether the owner may have one more. */
  hasRoom(principal: Principal): boolean;
  /**
   * Runs `work` with a signal that fires when the caller goes away or the server drains.
   *
   * @throws AppError `rate_limited` where the owner has too many waits already.
   */
  during<T>(principal: Principal, reply: FastifyReply, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Ends every wait, and all that are still to come. */
  endAll(): void;
}

export function createWaits({ perOwner }: { perOwner: number }): Waits {
  const counts = new Map<string, number>();
  const running = new Set<AbortController>();
  let ended = false;

  const hasRoom = ({ owner }: Principal) => (counts.get(owner) ?? 0) < perOwner;

  const begin = (owner: string): AbortController => {
    const controller = new AbortController();
    if (ended) controller.abort();
    counts.set(owner, (counts.get(owner) ?? 0) + 1);
    running.add(controller);
    return controller;
  };

  const finish = (owner: string, controller: AbortController): void => {
    running.delete(controller);
    const left = (counts.get(owner) ?? 1) - 1;
    if (left === 0) counts.delete(owner);
    else counts.set(owner, left);
  };

  return {
    hasRoom,
    async during(principal, reply, work) {
      if (!hasRoom(principal)) throw tooMany(perOwner);
      const controller = begin(principal.owner);
      const left = () => controller.abort();
      reply.raw.once("close", left);
      try {
        return await work(controller.signal);
      } finally {
        reply.raw.off("close", left);
        finish(principal.owner, controller);
      }
    },
    endAll() {
      ended = true;
      for (const controller of running) controller.abort();
    },
  };
}

function tooMany(perOwner: number): AppError {
  return new AppError("rate_limited", {
    message: `There are ${perOwner} waiting requests already. Wait for one of them, or ask without waiting.`,
    retryAfterMs: 1_000,
  });
}
