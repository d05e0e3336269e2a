// A STOMP client for tests that writes its frames by hand, so that it can also write wrong ones.
import { until } from "@meanwhile/store-testkit";
import { createDecoder } from "../stomp/decode.js";
import type { Frame, StompVersion } from "../stomp/frame.js";
import { connectPeer, type PeerOptions } from "./web-socket.js";

export interface StompPeer {
  /** Sends it as it is; `^` stands for NUL. */
  send(text: string): void;
  sendBytes(bytes: Buffer): void;
  readonly frames: readonly Frame[];
  /** Signs of life that came between frames. */
  readonly beats: () => number;
  hears(command: string, fits?: (frame: Frame) => boolean): Promise<Frame>;
  closed(): Promise<{ code: number; reason: string }>;
}

export interface StompPeerOptions extends PeerOptions {
  /** Default: 1.2. */
  readonly version?: StompVersion;
  /** Headers of CONNECT, each with its line end. `false`: sends no CONNECT. */
  readonly connect?: string | false;
}

export async function connectStomp(
  url: string,
  { version = "1.2", connect = "", ...options }: StompPeerOptions = {},
): Promise<StompPeer> {
  const peer = await connectPeer(url, { protocols: ["v12.stomp", "v11.stomp", "v10.stomp"], ...options });
  const decoder = createDecoder();
  decoder.version = version;
  const frames: Frame[] = [];
  let read = 0;
  const readOn = () => {
    while (read < peer.heard.length) frames.push(...decoder.push(Buffer.from(peer.heard[read++]!)));
    return frames;
  };
  const stomp: StompPeer = {
    send: (text) => peer.socket.send(text.replaceAll("^", "\0")),
    sendBytes: (bytes) => peer.socket.send(bytes),
    get frames() {
      return readOn();
    },
    beats: () => peer.heard.filter((text) => text === "\n").length,
    hears: (command, fits = () => true) =>
      until(() => readOn().find((frame) => frame.command === command && fits(frame)), {
        what: `the server sends ${command}; it sent ${peer.heard.join("").slice(0, 2_000)}`,
      }),
    closed: peer.closed,
  };
  if (connect !== false) {
    stomp.send(`CONNECT\naccept-version:${version}\n${connect}\n^`);
    await stomp.hears("CONNECTED");
  }
  return stomp;
}

export const header = (frame: Frame, name: string): string | undefined => frame.headers.get(name);

export const json = <T = Record<string, unknown>>(frame: Frame): T => JSON.parse(frame.body.toString()) as T;
