// A socket whose other side never reads, and whose kernel has no buffer left: nothing that is written is ever taken.
// It lies in that alone; bytes from the other side come as a test pushes them.
import type { IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import type { SocketChannel } from "../socket/socket-channel.js";

export class StuckSocket extends Duplex {
  override _read(): void {}

  override _write(): void {
    // Never calls back: it is not taken.
  }
}

export function connectStuck(channel: SocketChannel): StuckSocket {
  const socket = new StuckSocket();
  const request = {
    method: "GET",
    url: "/websocket",
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    },
  };
  channel.upgrade(request as unknown as IncomingMessage, socket, Buffer.alloc(0));
  return socket;
}
