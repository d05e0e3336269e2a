// Webhooks over TLS: inside of a socket that was checked, for the host's own name.
import { createServer as createTcpServer } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { ManualClock, until } from "@meanwhile/store-testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { CERTIFICATE, PRIVATE_KEY } from "../testing/certificate.js";
import { startReceiver } from "../testing/receiver.js";
import { sendTo, startChannel } from "../testing/webhook.js";

const resolve = async () => ["127.0.0.1"];

async function startTlsReceiver(): Promise<{ port: number; servernames: unknown[] }> {
  const servernames: unknown[] = [];
  const server = createServer({ cert: CERTIFICATE, key: PRIVATE_KEY }, (socket: TLSSocket) => {
    servernames.push(socket.servername);
    socket.on("error", () => {});
    socket.once("data", () => socket.end("HTTP/1.1 204 No Content\r\n\r\n"));
  });
  // A client that does not trust it hangs up, which is what some tests are about.
  server.on("tlsClientError", () => {});
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => void server.close());
  return { port: (server.address() as { port: number }).port, servernames };
}

describe("TLS", () => {
  it("asks for the host by its name, at the address that was checked", async () => {
    const { port, servernames } = await startTlsReceiver();

    const sent = await sendTo(startChannel({ resolve, ca: CERTIFICATE }), `https://hooks.example.com:${port}/`);

    expect(sent).toMatchObject({ outcome: "accepted", statusCode: 204 });
    expect(servernames).toEqual(["hooks.example.com"]);
  });

  it("refuses a certificate of another host", async () => {
    const { port } = await startTlsReceiver();

    const sent = await sendTo(startChannel({ resolve, ca: CERTIFICATE }), `https://other.example.com:${port}/`);

    expect(sent).toMatchObject({ outcome: "failed", statusCode: null });
    expect(sent.error).toMatch(/No TLS connection that can be trusted \(ERR_TLS_CERT_ALTNAME_INVALID\)/);
  });

  it.each(["hooks.example.com", "127.0.0.1"])("refuses a certificate that nobody vouches for, of %s", async (host) => {
    const { port } = await startTlsReceiver();

    const sent = await sendTo(startChannel({ resolve }), `https://${host}:${port}/`);

    expect(sent.error).toMatch(/No TLS connection that can be trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/);
  });

  it("with a receiver that speaks none is a failure", async () => {
    const receiver = await startReceiver();

    const sent = await sendTo(startChannel({ resolve }), `https://hooks.example.com:${receiver.port}/`);

    expect(sent).toMatchObject({ outcome: "failed", statusCode: null });
    expect(receiver.received).toEqual([]);
  });

  it("with a receiver that never shakes hands ends in its time, and the socket with it", async () => {
    let open = 0;
    const server = createTcpServer((socket) => {
      open++;
      // Reads, else it would not learn that the other side has left.
      socket
        .resume()
        .on("error", () => {})
        .on("close", () => open--);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    onTestFinished(() => void server.close());
    const clock = new ManualClock();
    const { port } = server.address() as { port: number };
    const sending = sendTo(startChannel({ resolve, clock }), `https://hooks.example.com:${port}/`);
    await until(() => open === 1, { what: "the receiver has the connection" });

    clock.advance(10_000);

    expect(await sending).toMatchObject({ outcome: "failed", error: "No connection within 10000 ms." });
    await until(() => open === 0, { what: "the socket is closed" });
    expect(clock.pendingTimers).toBe(0);
  });
});
