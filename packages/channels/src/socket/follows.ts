// What one connection follows: each from its own cursor, handed out of the log only as fast as the reader reads.
//
// 1. What the log hands over is a short run of events, the same one for every follower at that place. While it cannot be
//    written, the subscription is paused: a follow holds one run at most.
// 2. An end or a fault that comes meanwhile waits until the run is written.
import { AppError } from "@meanwhile/core";
import type { Connection } from "./dialect.js";

/** As the engine asks for it. */
export interface Reader<T> {
  onEvents(events: readonly T[]): void;
  onEnd(): void;
  onError(error: unknown): void;
}

/** As the engine gives it. */
export interface Pausable {
  pause(): void;
  resume(): void;
  close(): void;
}

/** Something that lets pass only now and then. */
export interface Passage {
  isOpen(): boolean;
  /** Resolves when it is the caller's turn, or when nothing will pass any more. */
  opened(): Promise<void>;
}

export interface Follow<T> {
  /** Checks what has to be checked. @returns begins to hand out, once its caller has gone on. */
  open(): Promise<(reader: Reader<T>) => Pausable | Promise<Pausable>>;
  /** It is open: called once, before the first item. */
  opened(): void;
  /** A further condition before each item. */
  readonly gate?: Passage;
  write(item: T): void;
  /** Nothing more will come. */
  ended(): void;
  failed(error: unknown): void;
}

export interface Follows {
  has(key: string): boolean;
  /** @throws AppError `rate_limited` where the connection follows too much already. */
  start<T>(key: string, follow: Follow<T>): void;
  /** Nothing of it is written from now on. */
  stop(key: string): void;
  stopAll(): void;
}

export function createFollows({ outbox }: Pick<Connection, "outbox">, { most }: { most: number }): Follows {
  const running = new Map<string, { stop(): void }>();
  return {
    has: (key) => running.has(key),
    start(key, follow) {
      if (running.size >= most) throw tooMany(most);
      running.set(key, startFollow(follow, { outbox, over: () => void running.delete(key) }));
    },
    stop(key) {
      running.get(key)?.stop();
      running.delete(key);
    },
    stopAll() {
      for (const each of running.values()) each.stop();
      running.clear();
    },
  };
}

interface Surroundings {
  readonly outbox: Passage;
  over(): void;
}

function startFollow<T>(follow: Follow<T>, { outbox, over }: Surroundings): { stop(): void } {
  const { gate = ALWAYS_OPEN } = follow;
  let stopped = false;
  let writing = false;
  let finish: (() => void) | undefined;
  let subscription: Pausable | undefined;

  const end = (last: () => void) => {
    if (stopped) return;
    if (writing) {
      finish = last;
      return;
    }
    stopped = true;
    subscription?.close();
    over();
    last();
  };

  const writeSlowly = async (items: readonly T[], from: number) => {
    for (let at = from; at < items.length; at++) {
      if (!gate.isOpen()) await gate.opened();
      // Last, because its turn is one write long.
      if (!outbox.isOpen()) await outbox.opened();
      if (stopped) return;
      follow.write(items[at]!);
    }
    writing = false;
    if (finish !== undefined) end(finish);
    else subscription?.resume();
  };

  const reader: Reader<T> = {
    onEvents(items) {
      for (let at = 0; at < items.length && !stopped; at++) {
        if (gate.isOpen() && outbox.isOpen()) {
          follow.write(items[at]!);
          continue;
        }
        subscription?.pause();
        writing = true;
        void writeSlowly(items, at);
        return;
      }
    },
    onEnd: () => end(follow.ended),
    onError: (error) => end(() => follow.failed(error)),
  };

  const begin = async () => {
    try {
      const subscribe = await follow.open();
      if (stopped) return;
      const begun = subscribe(reader);
      subscription = begun instanceof Promise ? await begun : begun;
      if (stopped) subscription.close();
      else follow.opened();
    } catch (error) {
      end(() => follow.failed(error));
    }
  };
  void begin();

  return {
    stop() {
      stopped = true;
      subscription?.close();
    },
  };
}

const ALWAYS_OPEN: Passage = { isOpen: () => true, opened: () => Promise.resolve() };

function tooMany(most: number): AppError {
  return new AppError("rate_limited", {
    message: `This connection follows ${most} jobs or topics already. End one of them, or open another connection.`,
    retryAfterMs: 1_000,
  });
}
