// A balancer as companies have one in front of their API: it asks each server whether it is ready, and gives every new connection
// to the next one that is. What it has connected stays so until either side ends it.
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

export interface Balancer {
  readonly url: string;
  /** Servers that new connections go to, as of the last look. */
  readonly ready: readonly string[];
  /** Connections that found no server at all. */
  readonly turnedAway: number;
  /** Looks after this server too, by its address such as `http://10.0.0.2:8080`, until it is removed. */
  add(server: string): void;
  remove(server: string): void;
  close(): Promise<void>;
}

const CHECK_EVERY_MS = 100;
const CHECK_LIMIT_MS = 5_000;
/** A server that says no is believed at once; one that does not answer may just be busy. */
const FAILURES_WANTED = 3;

export async function startBalancer(): Promise<Balancer> {
  const servers = new Map<string, { isReady: boolean; failures: number }>();
  const open = new Set<Socket>();
  const closing = new AbortController();
  let turns = 0;
  let turnedAway = 0;
  const ready = () => [...servers].flatMap(([server, { isReady }]) => (isReady ? [server] : []));

  const check = async (server: string): Promise<void> => {
    const answered = await fetch(`${server}/readyz`, {
      // Each look is a connection of its own, as that of a balancer in another program would be.
      headers: { connection: "close" },
      signal: AbortSignal.timeout(CHECK_LIMIT_MS),
    }).then(
      async (answer) => {
        await answer.arrayBuffer();
        return answer.ok;
      },
      () => undefined,
    );
    const state = servers.get(server);
    if (state === undefined) return;
    state.failures = answered === undefined ? state.failures + 1 : 0;
    state.isReady = answered ?? (state.isReady && state.failures < FAILURES_WANTED);
  };

  const look = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await Promise.all([...servers.keys()].map(check));
      await pause(CHECK_EVERY_MS, undefined, { signal: closing.signal }).catch(() => {});
    }
  };

  const listener = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    client.on("error", () => client.destroy());
    const among = ready();
    const chosen = among[turns++ % among.length];
    if (chosen === undefined) {
      turnedAway++;
      client.destroy();
      return;
    }
    const { hostname, port } = new URL(chosen);
    const server = connect({ host: hostname, port: Number(port), noDelay: true, allowHalfOpen: true });
    for (const [one, other] of [[client, server] as const, [server, client] as const]) {
      open.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        open.delete(one);
        if (!other.writableEnded) other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const looking = look();
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    get ready() {
      return ready();
    },
    get turnedAway() {
      return turnedAway;
    },
    add: (server) => void servers.set(server, { isReady: false, failures: 0 }),
    remove: (server) => void servers.delete(server),
    async close() {
      closing.abort();
      for (const socket of open) socket.destroy();
      await Promise.all([looking, new Promise((resolve) => listener.close(resolve))]);
    },
  };
}
