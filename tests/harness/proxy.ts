// A TCP proxy before a server that may go away and come back elsewhere: its connections can be cut, held back and slowed.
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface TcpProxy {
  readonly port: number;
  /** Connections taken so far, those included that found no server. */
  readonly taken: number;
  readonly open: number;
  /** Connections that were cut here so far. */
  readonly cuts: number;
  /** Resets every connection, whatever is under way in it. */
  cut(): void;
  /** Each connection ends after so many more bytes to the client: in the middle of a frame, most likely. */
  tear(options: { afterBytes: number }): void;
  /** Takes nothing more from the server, on new connections neither: whoever writes there meets a reader that does not read. */
  hold(): void;
  /** Ends `hold` and `slow`. */
  release(): void;
  /** Passes on no more than this on each connection. */
  slow(options: { bytesPerSecond: number }): void;
  close(): Promise<void>;
}

/** A port of 127.0.0.1, or of a host that is named. */
export type Target = number | { readonly host: string; readonly port: number };

/**
 * @param target The server now; `undefined` where there is none: then connections are closed at once.
 * @param options.host Where it listens. Default: 127.0.0.1.
 */
export async function startProxy(
  target: () => Target | undefined,
  { host = "127.0.0.1" }: { host?: string } = {},
): Promise<TcpProxy> {
  const open = new Set<Connection>();
  const pace: Pace = { held: false, bytesPerMs: undefined };
  let taken = 0;
  let cuts = 0;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    taken++;
    const to = target();
    if (to === undefined) return void client.on("error", () => {}).destroy();
    const connection = new Connection(client, typeof to === "number" ? { host: "127.0.0.1", port: to } : to, pace);
    open.add(connection);
    client.once("close", () => open.delete(connection));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  const each = (act: (connection: Connection) => void) => {
    for (const connection of open) act(connection);
  };
  return {
    port,
    get taken() {
      return taken;
    },
    get open() {
      return open.size;
    },
    get cuts() {
      return cuts;
    },
    cut() {
      cuts += open.size;
      each((connection) => connection.reset());
    },
    tear({ afterBytes }) {
      cuts += open.size;
      each((connection) => connection.tear(afterBytes));
    },
    hold() {
      pace.held = true;
      each((connection) => connection.flow());
    },
    slow({ bytesPerSecond }) {
      pace.bytesPerMs = bytesPerSecond / 1_000;
    },
    release() {
      pace.held = false;
      pace.bytesPerMs = undefined;
      each((connection) => connection.flow());
    },
    async close() {
      each((connection) => connection.reset());
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Pace {
  held: boolean;
  bytesPerMs: number | undefined;
}

class Connection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #pace: Pace;
  /** Bytes to the client until the tear. */
  #left = Number.POSITIVE_INFINITY;
  #rest: NodeJS.Timeout | undefined;

  constructor(client: Socket, to: { host: string; port: number }, pace: Pace) {
    this.#client = client;
    this.#pace = pace;
    this.#server = connect({ ...to, allowHalfOpen: true, noDelay: true });
    this.#server.on("data", (bytes: Buffer) => this.#toClient(bytes)).on("end", () => client.end());
    client.on("drain", () => this.flow()).pipe(this.#server);
    for (const socket of [client, this.#server]) socket.on("error", () => this.reset()).on("close", () => this.reset());
    this.flow();
  }

  /** Lets the server's bytes through, where nothing speaks against it. */
  flow(): void {
    const blocked = this.#pace.held || this.#rest !== undefined || this.#client.writableNeedDrain;
    if (blocked) this.#server.pause();
    else this.#server.resume();
  }

  tear(afterBytes: number): void {
    this.#left = afterBytes;
  }

  reset(): void {
    clearTimeout(this.#rest);
    if (!this.#client.destroyed) this.#client.resetAndDestroy();
    if (!this.#server.destroyed) this.#server.resetAndDestroy();
  }

  #toClient(bytes: Buffer): void {
    if (bytes.length >= this.#left) {
      this.#server.pause();
      this.#client.end(bytes.subarray(0, this.#left), () => this.#client.destroy());
      return;
    }
    this.#left -= bytes.length;
    this.#client.write(bytes);
    const { bytesPerMs } = this.#pace;
    if (bytesPerMs !== undefined) {
      this.#rest = setTimeout(() => {
        this.#rest = undefined;
        this.flow();
      }, bytes.length / bytesPerMs);
    }
    this.flow();
  }
}
