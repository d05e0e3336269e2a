// A way to the broker that keeps back the confirmations of messages with one routing key: all else passes. It lies in this alone:
// a real broker has long confirmed them.

import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface HoldingProxy {
  /** Where the proxy listens, in the place of the broker. */
  readonly url: string;
  /** Breaks every connection. */
  cut(): void;
  /** Breaks every connection, and those that come, until `unblock`. */
  block(): void;
  unblock(): void;
}

/** @param url Of the broker, without TLS. */
export async function startHoldingProxy(url: string, routingKey: string): Promise<HoldingProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let isBlocked = false;
  const server = createServer((client) => {
    if (isBlocked) return void client.on("error", () => {}).destroy();
    const broker = connect({ host: target.hostname, port: Number(target.port || 5672), noDelay: true });
    const confirms = createConfirms(routingKey);
    for (const socket of [client, broker]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    client.on("close", () => broker.destroy()).on("close", () => sockets.delete(client));
    broker.on("close", () => client.destroy()).on("close", () => sockets.delete(broker));
    const up = createFrames();
    let hasHeader = false;
    client.on("data", (bytes: Buffer) => {
      broker.write(bytes);
      // The first eight bytes name the protocol and are no frame.
      for (const frame of up(hasHeader ? bytes : bytes.subarray(8))) confirms.published(frame);
      hasHeader = true;
    });
    const down = createFrames();
    broker.on("data", (bytes: Buffer) => {
      for (const frame of down(bytes)) for (const passed of confirms.confirmed(frame)) client.write(passed);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  const place = new URL(url);
  place.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: place.href,
    cut,
    block() {
      isBlocked = true;
      cut();
    },
    unblock() {
      isBlocked = false;
    },
  };
}

/** Frames of a stream: type, channel, size, payload, end. */
function createFrames(): (bytes: Buffer) => Buffer[] {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const frames: Buffer[] = [];
    while (rest.length >= 7) {
      const size = rest.readUInt32BE(3) + 8;
      if (rest.length < size) break;
      frames.push(rest.subarray(0, size));
      rest = rest.subarray(size);
    }
    return frames;
  };
}

const METHOD = 1;
const PUBLISH = (60 << 16) | 40;
const ACK = (60 << 16) | 80;

/** One channel of a connection publishes with confirmations; each publish has the next number there. */
function createConfirms(routingKey: string) {
  const counts = new Map<number, number>();
  const held = new Set<string>();
  const confirmedTo = new Map<number, number>();
  return {
    published(frame: Buffer): void {
      if (frame[0] !== METHOD || frame.readUInt32BE(7) !== PUBLISH) return;
      const channel = frame.readUInt16BE(1);
      const tag = (counts.get(channel) ?? 0) + 1;
      counts.set(channel, tag);
      const keyAt = 13 + 1 + frame[13]!;
      const key = frame.subarray(keyAt + 1, keyAt + 1 + frame[keyAt]!).toString();
      if (key === routingKey) held.add(`${channel} ${tag}`);
    },
    /** One confirmation of many is taken apart, so that some of them can be kept back. */
    confirmed(frame: Buffer): readonly Buffer[] {
      if (frame[0] !== METHOD || frame.readUInt32BE(7) !== ACK) return [frame];
      const channel = frame.readUInt16BE(1);
      const tag = Number(frame.readBigUInt64BE(11));
      const isMultiple = (frame[19]! & 1) === 1;
      const first = isMultiple ? (confirmedTo.get(channel) ?? 0) + 1 : tag;
      const passed: Buffer[] = [];
      for (let each = first; each <= tag; each++) {
        if (held.has(`${channel} ${each}`)) continue;
        const single = Buffer.from(frame);
        single.writeBigUInt64BE(BigInt(each), 11);
        single[19] = 0;
        passed.push(single);
      }
      if (isMultiple) confirmedTo.set(channel, tag);
      return passed;
    },
  };
}
