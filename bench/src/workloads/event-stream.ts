// One event stream (SSE) on a bare socket of its own, read until an event of a name has come.
import { connect } from "node:net";

/** The connection is asked for and closed with the stream, by every contender's server alike. */
export function awaitEvent({ port, path, name }: { port: number; path: string; name: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    let received = "";
    socket.setNoDelay(true);
    socket.setEncoding("utf8");
    socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: text/event-stream\r\nconnection: close\r\n\r\n`);
    socket.on("data", (chunk: string) => {
      received += chunk;
      const at = received.indexOf(`event: ${name}\n`);
      // Its blank line says that it came whole.
      if (at === -1 || received.indexOf("\n\n", at) === -1) return;
      resolve();
      socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`The stream ended without "${name}":\n${received}`)));
  });
}
