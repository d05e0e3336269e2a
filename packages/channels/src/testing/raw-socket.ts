// A WebSocket client that writes its frames bit by bit, so that it can also break the rules of RFC 6455.
import { connect } from "node:net";
import { until } from "@meanwhile/store-testkit";
import { onTestFinished } from "vitest";

export interface RawSocket {
  /** The answer to the handshake, without its body. */
  readonly answer: string;
  write(bytes: Buffer): void;
  /** Stops to take what the server sends; the kernel's buffers fill up. */
  stopReading(): void;
  readOn(): void;
  /** The close frame of the server, or `undefined` where it closed without any. */
  closed(): Promise<{ code: number; reason: string } | undefined>;
  /** Texts that came, each in one frame. */
  texts(): readonly string[];
  leave(): void;
}

export interface RawFrame {
  opcode: number;
  payload?: Buffer;
  fin?: boolean;
  reserved?: number;
  masked?: boolean;
}

export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export function rawFrame({
  opcode,
  payload = Buffer.alloc(0),
  fin = true,
  reserved = 0,
  masked = true,
}: RawFrame): Buffer {
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  const head =
    payload.length < 126
      ? Buffer.from([first, payload.length])
      : Buffer.from([first, 126, payload.length >> 8, payload.length & 0xff]);
  if (!masked) return Buffer.concat([head, payload]);
  head[1]! |= 0x80;
  const mask = Buffer.from([1, 2, 3, 4]);
  return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ mask[index % 4]!)]);
}

export async function connectRaw(url: string, headers: Readonly<Record<string, string>> = {}): Promise<RawSocket> {
  const { hostname, port, pathname, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  let heard = Buffer.alloc(0);
  let isClosed = false;
  socket.on("data", (chunk) => {
    heard = Buffer.concat([heard, chunk]);
  });
  socket.on("close", () => {
    isClosed = true;
  });
  // A reset is what some tests are about; they look at what came before it.
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  const lines = Object.entries({
    host,
    connection: "keep-alive, Upgrade",
    upgrade: "WebSocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${pathname} HTTP/1.1\r\n${lines.join("")}\r\n`);
  const end = await until(() => heard.indexOf("\r\n\r\n") + 1 || undefined, { what: "the handshake is answered" });
  const answer = heard.subarray(0, end - 1).toString("latin1");
  const frames = () => readFrames(heard.subarray(end + 3));
  return {
    answer,
    write: (bytes) => void socket.write(bytes),
    stopReading: () => void socket.pause(),
    readOn: () => void socket.resume(),
    async closed() {
      await until(() => isClosed, { what: "the server has closed the connection" });
      const close = frames().find(({ opcode }) => opcode === OPCODES.close);
      return close && { code: close.payload.readUInt16BE(0), reason: close.payload.subarray(2).toString() };
    },
    texts: () =>
      frames()
        .filter(({ opcode }) => opcode === OPCODES.text)
        .map(({ payload }) => payload.toString()),
    leave: () => void socket.destroy(),
  };
}

/** Frames of a server: without masks, each message in one. */
function readFrames(bytes: Buffer): { opcode: number; payload: Buffer }[] {
  const frames: { opcode: number; payload: Buffer }[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const short = bytes[at + 1]!;
    const [head, length] =
      short === 127
        ? [10, Number(bytes.readBigUInt64BE(at + 2))]
        : short === 126
          ? [4, bytes.readUInt16BE(at + 2)]
          : [2, short];
    if (at + head + length > bytes.length) break;
    frames.push({ opcode: bytes[at]! & 0x0f, payload: bytes.subarray(at + head, at + head + length) });
    at += head + length;
  }
  return frames;
}
