// The bare client against a real socket: answers may come in pieces, and what it cannot read it refuses.
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { HttpConnection, headerOf } from "./http-connection.js";

let server: Server;

/** A server that answers each request with these pieces, each in a write of its own. */
async function serverAnswering(...pieces: string[]): Promise<number> {
  server = createServer((socket) => {
    socket.setNoDelay(true);
    socket.on("data", () => {
      for (const piece of pieces) socket.write(piece);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

afterEach(() => {
  server.close();
});

describe("HttpConnection", () => {
  it("reads an answer that arrives in pieces, and then the next one", async () => {
    const port = await serverAnswering(
      "HTTP/1.1 202 Accepted\r\nContent-Le",
      "ngth: 5\r\nLocation: /a\r\n\r\nhe",
      "llo",
    );
    const connection = await HttpConnection.open(port);

    const first = await connection.request({ method: "POST", path: "/", body: "{}" });
    const second = await connection.request({ method: "GET", path: "/" });
    connection.close();

    expect(first).toMatchObject({ status: 202, body: "hello" });
    expect(headerOf(first.head, "location")).toBe("/a");
    expect(second.body).toBe("hello");
  });

  it("counts the bytes of a body, not its characters", async () => {
    const port = await serverAnswering("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n€x");
    const connection = await HttpConnection.open(port);

    const answer = await connection.request({ method: "GET", path: "/" });
    connection.close();

    expect(answer.body).toBe("€x");
  });

  it("refuses an answer without a length", async () => {
    const port = await serverAnswering("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n");
    const connection = await HttpConnection.open(port);

    await expect(connection.request({ method: "GET", path: "/" })).rejects.toThrow("without Content-Length");
  });
});
