// A TCP proxy before a PostgreSQL server that reads along: it can stop at a statement, and let the world change before it goes on.
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface StatementProxy {
  readonly port: number;
  /**
   * The next connection that sends this text is held: the server does not get it, nor anything behind it, until the proxy cuts.
   *
   * @returns when that has happened.
   */
  holdBefore(text: string): Promise<void>;
  /** The same, and the server gets it: only its answer, and whatever follows, is held. @returns when the server has answered. */
  holdAnswerTo(text: string): Promise<void>;
  /** From now on nothing passes in either direction, and no connection is closed: as a host that has lost its power. */
  fallSilent(): void;
  /** Ends that, and resets every connection. */
  cut(): void;
}

/** @param target The port of the server now. */
export async function startStatementProxy(target: () => number): Promise<StatementProxy> {
  const sockets = new Set<Socket>();
  let armed: { readonly text: string; readonly at: "statement" | "answer"; readonly held: () => void } | undefined;
  let isSilent = false;
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: target(), host: "127.0.0.1", noDelay: true });
    let isHeld = false;
    let onAnswer: (() => void) | undefined;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        // A held connection outlives its server: the client learns of it by the cut.
        if (!isHeld && !isSilent) for (const each of [client, upstream]) each.destroy();
      });
    }
    client.on("data", (bytes) => {
      if (isHeld || isSilent) return;
      if (armed !== undefined && bytes.includes(armed.text)) {
        const { at, held } = armed;
        armed = undefined;
        isHeld = true;
        if (at === "statement") return held();
        onAnswer = held;
      }
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      onAnswer?.();
      if (!isHeld && !isSilent) client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const arm = (text: string, at: "statement" | "answer") =>
    new Promise<void>((resolve) => {
      armed = { text, at, held: resolve };
    });
  const cut = () => {
    isSilent = false;
    for (const socket of sockets) socket.resetAndDestroy();
  };
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    cut();
    await closed;
  });
  return {
    port: (server.address() as AddressInfo).port,
    holdBefore: (text) => arm(text, "statement"),
    holdAnswerTo: (text) => arm(text, "answer"),
    fallSilent() {
      isSilent = true;
    },
    cut,
  };
}
