// A bare connection to a test server: says bytes, hears bytes.
import { connect } from "node:net";
import { until } from "@meanwhile/store-testkit";
import { onTestFinished } from "vitest";

export interface Speaker {
  send(text: string | Buffer): void;
  /** Everything that was heard so far. */
  heard(): string;
  /** Waits until this was heard. */
  hears(pattern: RegExp): Promise<string>;
  /** Waits until the other side has closed. */
  closed(): Promise<string>;
  leave(): void;
}

export async function speak(url: string): Promise<Speaker> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  let text = "";
  let isClosed = false;
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  socket.on("close", () => {
    isClosed = true;
  });
  // A connection that is cut is what some tests are about; they look at what was heard.
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  return {
    send: (bytes) => void socket.write(bytes),
    heard: () => text,
    hears: (pattern) => until(() => pattern.test(text) && text, { what: `${pattern} was heard, not: ${text}` }),
    async closed() {
      await until(() => isClosed, { what: "the server has closed the connection" });
      return text;
    },
    leave: () => void socket.destroy(),
  };
}
