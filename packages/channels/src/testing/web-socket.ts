// A WebSocket client for tests: the one of `ws`, with everything that it was told.
import type { IncomingMessage } from "node:http";
import { until } from "@meanwhile/store-testkit";
import { onTestFinished } from "vitest";
import { type ClientOptions, WebSocket } from "ws";

export interface Peer {
  readonly socket: WebSocket;
  /** Every message so far, as text. */
  readonly heard: readonly string[];
  say(message: object | string): void;
  /** Waits for a message that fits, and gives it parsed. */
  hears<T extends object = Record<string, unknown>>(fits: (message: T) => boolean, what: string): Promise<T>;
  /** Every message so far, parsed. */
  messages<T extends object = Record<string, unknown>>(): readonly T[];
  closed(): Promise<{ code: number; reason: string }>;
}

export interface PeerOptions extends ClientOptions {
  readonly protocols?: string | string[];
}

export async function connectPeer(url: string, { protocols, ...options }: PeerOptions = {}): Promise<Peer> {
  const socket = new WebSocket(url, protocols, options);
  const heard: string[] = [];
  let close: { code: number; reason: string } | undefined;
  socket.on("message", (data) => heard.push(String(data)));
  socket.on("close", (code, reason) => {
    close = { code, reason: reason.toString() };
  });
  // What went wrong is told by the close.
  socket.on("error", () => {});
  onTestFinished(() => socket.terminate());
  await until(() => socket.readyState === WebSocket.OPEN || close, { what: "the connection is open" });
  const messages = <T extends object>(): readonly T[] => heard.map((text) => JSON.parse(text) as T);
  return {
    socket,
    heard,
    say: (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
    messages,
    hears: <T extends object>(fits: (message: T) => boolean, what: string) =>
      until(() => messages<T>().find(fits), {
        what: `the server says ${what}; it said ${heard.join("\n").slice(0, 2_000)}`,
      }),
    closed: () => until(() => close, { what: `the server closes; it said ${heard.join("\n").slice(0, 2_000)}` }),
  };
}

/** Offers a handshake that is refused. @returns the HTTP answer. */
export function refusedHandshake(
  url: string,
  { protocols, ...options }: PeerOptions = {},
): Promise<{ status: number; headers: IncomingMessage["headers"]; problem: Record<string, unknown> }> {
  const socket = new WebSocket(url, protocols, options);
  onTestFinished(() => socket.terminate());
  return new Promise((resolve, reject) => {
    socket.on("open", () => reject(new Error("the handshake was not refused")));
    socket.on("error", reject);
    socket.on("unexpected-response", (_request, response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          problem: JSON.parse(Buffer.concat(chunks).toString()),
        });
      });
    });
  });
}
