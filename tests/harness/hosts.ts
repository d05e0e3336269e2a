// Two hosts on one machine: network namespaces of their own where the kernel lets us make them, else addresses of loopback. Each has
// a link of its own to the database, which can be cut.
import { spawnSync } from "node:child_process";
import { startProxy, type Target, type TcpProxy } from "./proxy.js";

export interface Host {
  /** Of this host, as this process reaches it. */
  readonly address: string;
  /** Starts a program on this host. */
  readonly command: readonly string[];
  /** The store's address as this host reaches it: over its link. */
  databaseUrl(storeUrl: string): string;
  /** Nothing comes through any more, and nobody is told. Without namespaces its connections are reset, and no new ones are taken. */
  cutLink(): void;
  restoreLink(): void;
}

export interface Hosts {
  readonly a: Host;
  readonly b: Host;
  remove(): Promise<void>;
}

/** `undefined` where namespaces can be made here; otherwise why not. */
export const whyNoNamespaces: string | undefined = lookForNamespaces();

/** For the names of tests: what the hosts are here. */
export const HOSTS_ARE =
  whyNoNamespaces === undefined ? "network namespaces" : `loopback addresses, as ${whyNoNamespaces}`;

/** @param database The server that both reach over their links. */
export async function startHosts(database: { host: string; port: number }): Promise<Hosts> {
  const start = whyNoNamespaces === undefined ? startNamespace : startLoopbackHost;
  const [a, b] = [await start("a", database), await start("b", database)];
  return {
    a,
    b,
    async remove() {
      await Promise.all([a.remove(), b.remove()]);
    },
  };
}

interface RemovableHost extends Host {
  remove(): Promise<void>;
}

type Letter = "a" | "b";

/** Of each pair of addresses the first is this process's end of the link, the second the host's. */
async function startNamespace(letter: Letter, database: Target): Promise<RemovableHost> {
  const name = `mw${process.pid}${letter}`;
  const [near, far] = [`${name}n`, `${name}f`];
  const network = `10.${100 + (process.pid % 100)}.${Math.floor(process.pid / 100) % 256}.${letter === "a" ? 0 : 4}`;
  const [ownAddress, address] = [1, 2].map((offset) =>
    network.replace(/\d+$/, (last) => String(Number(last) + offset)),
  );
  ip("netns", "add", name);
  ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", name);
  ip("address", "add", `${ownAddress}/30`, "dev", near);
  ip("link", "set", near, "up");
  ip("-n", name, "address", "add", `${address}/30`, "dev", far);
  for (const device of ["lo", far]) ip("-n", name, "link", "set", device, "up");
  const relay = await startProxy(() => database, { host: ownAddress! });
  return {
    address: address!,
    command: ["ip", "netns", "exec", name],
    databaseUrl: (storeUrl) => over(storeUrl, ownAddress!, relay),
    cutLink: () => ip("link", "set", near, "down"),
    restoreLink: () => ip("link", "set", near, "up"),
    async remove() {
      await relay.close();
      ip("link", "delete", near);
      ip("netns", "delete", name);
    },
  };
}

async function startLoopbackHost(letter: Letter, database: Target): Promise<RemovableHost> {
  let isCut = false;
  const relay = await startProxy(() => (isCut ? undefined : database));
  return {
    address: letter === "a" ? "127.0.0.2" : "127.0.0.3",
    command: [],
    databaseUrl: (storeUrl) => over(storeUrl, "127.0.0.1", relay),
    cutLink() {
      isCut = true;
      relay.cut();
    },
    restoreLink() {
      isCut = false;
    },
    remove: () => relay.close(),
  };
}

function over(storeUrl: string, address: string, { port }: TcpProxy): string {
  const url = new URL(storeUrl);
  url.hostname = address;
  url.port = String(port);
  return url.href;
}

function lookForNamespaces(): string | undefined {
  const name = `mw${process.pid}look`;
  const made = spawnSync("ip", ["netns", "add", name], { encoding: "utf8" });
  if (made.error !== undefined) return "there is no command ip here";
  if (made.status !== 0) return "network namespaces may not be made here";
  ip("netns", "delete", name);
  return undefined;
}

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync("ip", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${args.join(" ")} ended with ${status}: ${stderr}`);
}
