// A server between the store and PostgreSQL that cuts connections behind statements that have been carried out, and refuses new ones.
import { createServer, connect as dial, type Server, type Socket } from "node:net";
import { SERVER_URL } from "./server.js";

/** Stands between the store and the server, and can cut the connection behind a statement that the server has carried out. */
export async function createProxy() {
  const target = new URL(SERVER_URL);
  const sockets = new Set<Socket>();
  let armed: string | undefined;
  let timesLeft = 0;
  let waiting: (() => void)[] = [];
  let cuts = 0;
  let isRefusing = false;
  const server: Server = createServer((client) => {
    if (isRefusing) return void client.destroy();
    const upstream = dial(Number(target.port || 5432), target.hostname);
    let isCutting = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (bytes) => {
      if (armed !== undefined && bytes.toString("latin1").includes(armed)) {
        if (--timesLeft === 0) armed = undefined;
        isCutting = true;
      }
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      if (!isCutting) return void client.write(bytes);
      // The server has answered: it is done, and nobody hears of it. All that are to be cut are cut together.
      cuts++;
      waiting.push(() => client.destroy());
      if (timesLeft > 0) return;
      for (const cut of waiting) cut();
      waiting = [];
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const url = new URL(SERVER_URL);
  url.host = `127.0.0.1:${port}`;
  return {
    url: url.href,
    get cuts() {
      return cuts;
    },
    cutAnswersTo(text: string, { times = 1 } = {}) {
      armed = text;
      timesLeft = times;
    },
    refuse() {
      isRefusing = true;
      for (const socket of sockets) socket.destroy();
    },
    accept() {
      isRefusing = false;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
