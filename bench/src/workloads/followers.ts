// Followers of event streams on bare sockets: opened, held, and, where events come, timed frame by frame.
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { wallClockMs } from "./pace.js";

export interface FollowersOutcome {
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  /** From the first event's time to the last arrival. */
  elapsedMs: number;
  /** Bytes of one event on the wire, chunk and all. */
  frameBytes: number;
}

/** Requests under way at once while followers are opened. */
const OPENING = 200;
/** Followers on one local address: each needs a port of it, and what other programs hold must be left. */
const PER_ADDRESS = 10_000;
const RECEIVE_BYTES = 64 * 1024;

/** All followers of this process read into the same memory: what they keep is a number or two. */
const received = Buffer.alloc(RECEIVE_BYTES);

export class Followers {
  readonly #followers: Follower[] = [];

  /** Opens `count` followers, taking turns with the paths; resolves when each has had the head and the first bytes of its stream. */
  async open({ port, paths, count }: { port: number; paths: readonly string[]; count: number }): Promise<null> {
    let next = 0;
    const opener = async () => {
      while (next < count) {
        const index = next++;
        const localAddress = `127.0.0.${2 + Math.floor(this.#followers.length / PER_ADDRESS)}`;
        const follower = new Follower({ port, path: paths[index % paths.length] ?? "/", localAddress });
        this.#followers.push(follower);
        await follower.opened;
      }
    };
    await Promise.all(Array.from({ length: Math.min(OPENING, count) }, opener));
    return null;
  }

  /** Waits until every follower has had `count` events since the last call, each once and in order; for one pace, counted from 0. */
  async receive({ count }: { count: number }): Promise<FollowersOutcome> {
    const taken = await Promise.all(this.#followers.map((follower) => follower.take(count)));
    // A million of them: sorted as numbers, in place.
    const latencies = new Float64Array(taken.flatMap(({ latenciesMs }) => latenciesMs)).sort();
    const at = (share: number) => latencies[Math.floor((latencies.length - 1) * share)] ?? Number.NaN;
    const bytes = taken.reduce((sum, { eventBytes }) => sum + eventBytes, 0);
    const firstAt = Math.min(...taken.map(({ firstSentAt }) => firstSentAt));
    const lastAt = Math.max(...taken.map(({ lastArrivedAt }) => lastArrivedAt));
    return {
      ...{ p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) },
      ...{ elapsedMs: lastAt - firstAt, frameBytes: bytes / latencies.length },
    };
  }

  /** @throws Error where one of them was cut by the end of this time. */
  async hold({ forMs }: { forMs: number }): Promise<null> {
    await wait(forMs);
    for (const follower of this.#followers) follower.requireOpen();
    return null;
  }

  async close(): Promise<null> {
    for (const follower of this.#followers.splice(0)) follower.close();
    return null;
  }
}

interface Target {
  port: number;
  path: string;
  localAddress: string;
}

/** What a follower has had since it was last asked. */
interface Taken {
  latenciesMs: number[];
  eventBytes: number;
  firstSentAt: number;
  lastArrivedAt: number;
}

class Follower {
  readonly opened: Promise<void>;
  readonly #socket: Socket;
  #taken = nothing();
  #unread = "";
  #isOpen = false;
  #fault: Error | undefined;
  #opening: Settling | undefined;
  #waiting: (Settling & { count: number }) | undefined;

  constructor({ port, path, localAddress }: Target) {
    this.opened = new Promise((resolve, reject) => {
      this.#opening = { resolve, reject };
    });
    this.#socket = connect({
      ...{ host: "127.0.0.1", port, localAddress },
      onread: { buffer: received, callback: (length) => this.#read(length) },
    });
    this.#socket.on("connect", () => {
      this.#socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\naccept: text/event-stream\r\n\r\n`);
    });
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("The server ended a stream.")));
  }

  /** Waits for `count` events, and begins to count anew. */
  async take(count: number): Promise<Taken> {
    if (this.#taken.latenciesMs.length < count) {
      await new Promise<void>((resolve, reject) => {
        if (this.#fault !== undefined) reject(this.#fault);
        this.#waiting = { count, resolve, reject };
      });
    }
    const taken = this.#taken;
    this.#taken = nothing();
    return taken;
  }

  requireOpen(): void {
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** By a reset: thousands of closed connections would keep their ports for a minute. */
  close(): void {
    this.#waiting = undefined;
    this.#socket.removeAllListeners("close");
    this.#socket.resetAndDestroy();
  }

  #read(length: number): boolean {
    const arrivedAt = wallClockMs();
    this.#unread += received.toString("latin1", 0, length);
    if (!this.#isOpen) this.#readHead();
    if (this.#isOpen) this.#readEvents(arrivedAt);
    return true;
  }

  #readHead(): void {
    const end = this.#unread.indexOf("\r\n\r\n");
    // The first comment proves that the stream has begun.
    if (end === -1 || this.#unread.indexOf("\n\n", end + 4) === -1) return;
    if (!this.#unread.startsWith("HTTP/1.1 200")) {
      this.#fail(new Error(`No stream, but:\n${this.#unread}`));
      return;
    }
    this.#unread = this.#unread.slice(end + 4);
    this.#isOpen = true;
    this.#opening?.resolve();
    this.#opening = undefined;
  }

  /** Every event ends with a blank line; those without a time (the job was submitted, it began) are passed over. */
  #readEvents(arrivedAt: number): void {
    let start = 0;
    for (;;) {
      const end = this.#unread.indexOf("\n\n", start);
      if (end === -1) break;
      this.#readEvent(this.#unread.slice(start, end + 2), arrivedAt);
      start = end + 2;
    }
    if (start > 0) this.#unread = this.#unread.slice(start);
  }

  #readEvent(text: string, arrivedAt: number): void {
    const at = text.indexOf(INDEX);
    if (at === -1) return;
    const taken = this.#taken;
    const [index, sentAt] = [
      numberAt(text, at + INDEX.length),
      numberAt(text, text.indexOf(SENT_AT, at) + SENT_AT.length),
    ];
    const expected = taken.latenciesMs.length;
    if (index !== expected) {
      this.#fail(new Error(`A follower got event ${index} where ${expected} was next.`));
      return;
    }
    if (expected === 0) taken.firstSentAt = sentAt;
    taken.latenciesMs.push(arrivedAt - sentAt);
    taken.eventBytes += text.length;
    taken.lastArrivedAt = arrivedAt;
    if (taken.latenciesMs.length === this.#waiting?.count) {
      this.#waiting.resolve();
      this.#waiting = undefined;
    }
  }

  #fail(error: Error): void {
    this.#fault ??= error;
    this.#opening?.reject(error);
    this.#opening = undefined;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}

interface Settling {
  resolve(): void;
  reject(error: Error): void;
}

const INDEX = '"index":';
const SENT_AT = ',"sentAt":';
/** More digits than the number has. */
const NUMBER_CHARACTERS = 24;

function numberAt(text: string, at: number): number {
  return Number.parseFloat(text.slice(at, at + NUMBER_CHARACTERS));
}

function nothing(): Taken {
  return { latenciesMs: [], eventBytes: 0, firstSentAt: Number.NaN, lastArrivedAt: Number.NaN };
}
