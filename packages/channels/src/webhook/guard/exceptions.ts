// What may be sent to although it is private: a list of hosts, addresses and networks, for development.
import { ConfigurationError } from "@meanwhile/core";
import ipaddr from "ipaddr.js";
import { type Address, type Network, parseAddress, within } from "./address-rules.js";

export interface Exceptions {
  /** Whether this host was listed by its name: then all of its addresses are allowed. */
  hasHost(hostname: string): boolean;
  hasAddress(address: Address): boolean;
}

/** @throws ConfigurationError naming the entry that is neither a host nor an address nor a network. */
export function parseExceptions(entries: readonly string[], option = "allowPrivateTargets"): Exceptions {
  const hosts = new Set<string>();
  const networks: Network[] = [];
  for (const entry of entries) {
    const network = parseNetwork(entry);
    if (network !== undefined) networks.push(network);
    else hosts.add(requireHost(entry, option));
  }
  return { hasHost: (hostname) => hosts.has(hostname), hasAddress: (address) => within(address, networks) };
}

/** Whether a list of exceptions can be read. @throws ConfigurationError naming the option and the entry that cannot. */
export function checkPrivateTargets(entries: readonly string[], option: string): void {
  parseExceptions(entries, option);
}

function parseNetwork(entry: string): Network | undefined {
  const address = parseAddress(entry);
  if (address !== undefined) return [address, address.kind() === "ipv4" ? 32 : 128];
  const [base = "", bits = "", ...more] = entry.split("/");
  const start = parseAddress(base);
  // Only whole numbers: "10.0.0.0/255.0.0.0" and "10.0.0.0/" would mean something to nobody in the same way.
  if (start === undefined || more.length > 0 || !/^\d{1,3}$/.test(bits)) return undefined;
  return ipaddr.isValidCIDR(`${start.toString()}/${bits}`) ? [start, Number(bits)] : undefined;
}

const HOST = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;

function requireHost(entry: string, option: string): string {
  const host = entry.toLowerCase().replace(/\.$/, "");
  // Names that end in a number are addresses to URLs, in a spelling that is not taken here.
  if (HOST.test(host) && !/(^|\.)(\d+|0x[0-9a-f]*)$/.test(host)) return host;
  throw new ConfigurationError(
    `${option} must hold hosts such as "localhost", addresses such as "127.0.0.1" or networks such as "10.0.0.0/8"; got ${JSON.stringify(entry)}.`,
  );
}
