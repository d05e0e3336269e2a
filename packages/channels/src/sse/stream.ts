// One open stream: what a subscription hands out goes to a response, as fast as its reader takes it.
//
// 1. A reader that is behind pauses its subscription: what waits for it is one run of events (64 KiB, or one larger
//    event) beyond what Node buffers, whatever happens in the log.
// 2. A reader that has taken nothing for 30 s is cut. It comes back by its cursor, if it ever does.
// 3. Whatever ends a stream ends it cleanly, so that its reader comes back by itself.
import type { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { AppError, type Logger } from "@meanwhile/core";
import { comment } from "./frames.js";
import type { Beating } from "./heartbeat.js";
import { type Run, writeRun } from "./run.js";

/** What both kinds of subscription have in common. */
export interface PausableSubscription {
  pause(): void;
  resume(): void;
  close(): void;
}

export interface StreamParts<T> {
  readonly response: ServerResponse;
  /** What is written of a run of events; runs are shared by all who stand at the same place, and so may this be. */
  readonly runOf: (events: readonly T[]) => Run;
  /** What goes out instead of silence. Default: a comment. */
  readonly signOfLife?: () => string;
  readonly logger: Logger;
  readonly onClosed: (stream: OpenStream) => void;
}

/** A stream, whatever flows in it. */
export interface OpenStream extends Beating {
  /** Bytes that wait for the reader. */
  readonly queuedBytes: number;
  /** @param last What is said before the end. */
  end(last?: string): void;
}

/** Longer than any hiccup, shorter than a proxy's patience. Noticed at the next sign of life. */
export const STUCK_MS = 30_000;

const SIGN_OF_LIFE = comment("still here");

export class SseStream<T> implements OpenStream {
  readonly #parts: StreamParts<T>;
  #subscription: PausableSubscription | undefined;
  #unwatch: (() => void) | undefined;
  #isBehind = false;
  /** Since when its reader has taken nothing, as the heartbeat sees it. */
  #stuck: { readonly since: number; readonly queuedBytes: number } | undefined;

  constructor(parts: StreamParts<T>) {
    this.#parts = parts;
    const { response } = parts;
    response.on("close", () => this.#closed());
    response.on("error", ignore);
  }

  /** @param unwatch ends the watching of the caller's credential. */
  begin(subscription: PausableSubscription, unwatch: () => void): void {
    this.#subscription = subscription;
    this.#unwatch = unwatch;
    if (this.#isBehind) subscription.pause();
  }

  get queuedBytes(): number {
    return this.#parts.response.writableLength;
  }

  onEvents(events: readonly T[]): void {
    if (this.#isOver()) return;
    const { response, runOf } = this.#parts;
    const { taker, hasRoom } = writeRun(response, runOf(events));
    if (!hasRoom) this.#fallBehind(taker);
  }

  onEnd(): void {
    this.end();
  }

  onError(error: unknown): void {
    if (!(error instanceof AppError)) {
      this.#parts.logger.error({ err: error }, "a stream of events ended by a fault of our own");
    }
    this.end(comment(error instanceof AppError ? error.code : "internal"));
  }

  write(text: string): void {
    const { response } = this.#parts;
    if (!this.#isOver() && !response.write(text)) this.#fallBehind(response);
  }

  end(last = ""): void {
    if (this.#isOver()) return;
    const { response } = this.#parts;
    this.#subscription?.close();
    if (last === "") response.end();
    else response.end(last);
  }

  beat(now: number): void {
    const { response, signOfLife } = this.#parts;
    if (!this.#isBehind && !response.writableEnded) {
      this.write(signOfLife === undefined ? SIGN_OF_LIFE : signOfLife());
      return;
    }
    const { queuedBytes } = this;
    if (this.#stuck === undefined || queuedBytes < this.#stuck.queuedBytes) this.#stuck = { since: now, queuedBytes };
    else if (now - this.#stuck.since >= STUCK_MS) response.destroy();
  }

  #isOver(): boolean {
    const { response } = this.#parts;
    return response.destroyed || response.writableEnded;
  }

  #fallBehind(taker: Pick<EventEmitter, "once">): void {
    if (this.#isBehind) return;
    this.#isBehind = true;
    this.#subscription?.pause();
    taker.once("drain", () => this.#caughtUp());
  }

  #caughtUp(): void {
    this.#isBehind = false;
    this.#stuck = undefined;
    this.#subscription?.resume();
  }

  #closed(): void {
    this.#subscription?.close();
    this.#unwatch?.();
    this.#parts.onClosed(this);
  }
}

/** A reader that went away in the middle of a frame is no fault of anybody here; `close` follows. */
function ignore(): void {}
