// The proxy does what the channels' tests rely on: it passes bytes on as they are, cuts, tears, holds and slows.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { until } from "@meanwhile/store-testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { startProxy, type TcpProxy } from "./proxy.js";

/** A server that sends what the test says, behind a proxy; and one client of it. */
async function connected() {
  const accepted: Socket[] = [];
  const server = createServer((socket) => void accepted.push(socket.on("error", () => {}))).listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy = await startProxy(() => (server.address() as AddressInfo | null)?.port);
  onTestFinished(async () => {
    await proxy.close();
    server.close();
  });
  const client = await open(proxy);
  const far = await until(() => accepted[0], { what: "the server has the connection" });
  return { proxy, client, far, server };
}

async function open(proxy: TcpProxy) {
  const socket = connect(proxy.port, "127.0.0.1");
  const seen = { text: "", ended: false, error: undefined as string | undefined };
  socket.setEncoding("utf8").on("data", (text: string) => {
    seen.text += text;
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    seen.error = error.code;
  });
  socket.on("close", () => {
    seen.ended = true;
  });
  await once(socket, "connect");
  return { socket, seen };
}

describe("the proxy", () => {
  it("passes on what each side says, and the end of it", async () => {
    const { client, far } = await connected();
    far.setEncoding("utf8").on("data", (text: string) => far.end(`heard ${text}`));

    client.socket.write("hello");

    await until(() => client.seen.ended, { what: "the client has seen the end" });
    expect(client.seen).toEqual({ text: "heard hello", ended: true, error: undefined });
  });

  it("resets what is open, and takes new connections", async () => {
    const { proxy, client, far } = await connected();

    proxy.cut();

    await until(() => client.seen.ended && far.destroyed, { what: "both sides are told" });
    expect(client.seen.error).toBe("ECONNRESET");
    expect((await open(proxy)).seen.ended).toBe(false);
    expect(proxy).toMatchObject({ taken: 2, cuts: 1 });
  });

  it("tears a connection after so many bytes", async () => {
    const { proxy, client, far } = await connected();

    proxy.tear({ afterBytes: 4 });
    far.write("one");
    far.write("two");

    await until(() => client.seen.ended, { what: "the connection is torn" });
    expect(client.seen.text).toBe("onet");
  });

  it("holds back until it is released, and the server meets a reader that does not read", async () => {
    const { proxy, client, far } = await connected();

    proxy.hold();
    for (let sent = 0; sent < 64; sent++) far.write("x".repeat(1024 * 1024));
    await until(() => far.writableNeedDrain, { what: "the server's buffers are full" });
    const heldAt = client.seen.text.length;
    proxy.release();

    await until(() => client.seen.text.length === 64 * 1024 * 1024, { what: "everything has come through" });
    expect(heldAt).toBe(0);
  });

  it("slows to a rate", async () => {
    const { proxy, client, far } = await connected();

    proxy.slow({ bytesPerSecond: 1_000_000 });
    const begunAt = performance.now();
    far.write("x".repeat(300_000));
    await until(() => client.seen.text.length === 300_000, { what: "everything has come through" });

    // What came last need not be waited for, and one read is at most 64 KiB.
    expect(performance.now() - begunAt).toBeGreaterThan(200);
  });

  it("closes at once what finds no server", async () => {
    const proxy = await startProxy(() => undefined);
    onTestFinished(() => proxy.close());

    const { seen } = await open(proxy);

    await until(() => seen.ended, { what: "it is closed" });
  });
});
