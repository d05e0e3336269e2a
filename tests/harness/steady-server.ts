// A server that may be killed and started again, behind addresses that stay.
import { Api } from "./api.js";
import { startProxy, type TcpProxy } from "./proxy.js";
import { type Served, type ServeOptions, serve } from "./serve.js";

export interface SteadyServer {
  /** A caller through the proxy `front`. */
  readonly api: Api;
  readonly front: TcpProxy;
  /** How often it was killed. */
  readonly kills: number;
  /** Of the process that serves now. */
  readonly pid: number;
  /** One more way to it, which cuts nobody else's. */
  proxy(way: "http" | "grpc"): Promise<TcpProxy>;
  /** kill -9. Nobody answers until `start`. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** SIGTERM, and another one in its place once it has ended. */
  replace(): Promise<void>;
  /** SIGTERM, and the proxies end with it. */
  stop(): Promise<void>;
  /** All that its processes printed. */
  output(): string;
}

export async function startSteadyServer(options: ServeOptions): Promise<SteadyServer> {
  const proxies: TcpProxy[] = [];
  let current: Served | undefined = await serve(options);
  let printed = "";
  let kills = 0;
  const proxy: SteadyServer["proxy"] = async (way) => {
    const made = await startProxy(() => (way === "http" ? current?.httpPort : current?.grpcPort));
    proxies.push(made);
    return made;
  };
  const end = (): Served => {
    if (current === undefined) throw new Error("The server was killed and has not been started again.");
    const ended = current;
    current = undefined;
    return ended;
  };
  const retire = async () => {
    const leaving = end();
    await leaving.stop();
    printed += leaving.output();
  };
  const front = await proxy("http");
  return {
    api: new Api(`http://127.0.0.1:${front.port}`, { token: options.apiKey }),
    front,
    get kills() {
      return kills;
    },
    get pid() {
      return current?.pid ?? Number.NaN;
    },
    proxy,
    async kill() {
      const killed = end();
      killed.signal("SIGKILL");
      await killed.exited;
      printed += killed.output();
      kills++;
    },
    async start() {
      if (current !== undefined) throw new Error("The server is running already.");
      current = await serve(options);
    },
    async replace() {
      await retire();
      current = await serve(options);
    },
    async stop() {
      await retire();
      for (const each of proxies) await each.close();
    },
    output: () => printed + (current?.output() ?? ""),
  };
}
