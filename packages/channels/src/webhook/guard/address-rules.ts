// Which IP addresses anybody on the internet can reach: only those may be sent to. A list of what is allowed, so that a
// range which nobody thought of is refused.
import ipaddr from "ipaddr.js";

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** @returns the address, or `undefined` where the text is none. Takes IPv6 with or without its brackets. */
export function parseAddress(text: string): Address | undefined {
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  // Four decimal parts only: what URLs may write otherwise has been rewritten by whoever parsed the URL.
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.IPv4.parse(bare);
  return ipaddr.IPv6.isValid(bare) ? ipaddr.IPv6.parse(bare) : undefined;
}

/**
 * Whether the address is globally reachable unicast. Everything else is private: loopback, private and link-local networks,
 * unique local, multicast, broadcast, carrier-grade NAT, reserved, documentation, benchmarking, what stands for an IPv4 address
 * (mapped, compatible, NAT64, 6to4, Teredo), and the addresses of cloud metadata.
 */
export function isGloballyReachable(address: Address): boolean {
  if (address.kind() === "ipv6") return isGlobalIpv6(address as ipaddr.IPv6);
  return address.range() === "unicast" && !within(address, PLATFORM_ADDRESSES);
}

/** The same address in one spelling, for comparing. */
export function canonicalAddress(text: string): string | undefined {
  const address = parseAddress(text);
  if (address === undefined) return undefined;
  const isMapped = address.kind() === "ipv6" && (address as ipaddr.IPv6).isIPv4MappedAddress();
  return (isMapped ? (address as ipaddr.IPv6).toIPv4Address() : address).toNormalizedString();
}

/** Whether the address lies in one of the networks; families never match each other. */
export function within(address: Address, networks: readonly Network[]): boolean {
  return networks.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits));
}

export type Network = readonly [Address, number];

// All that was ever given out for global unicast (RFC 4291, IANA "IPv6 Address Space"). The rest of the space is for other
// things: ::/8 holds IPv4-compatible and NAT64 addresses, for instance.
const GLOBAL_UNICAST: readonly Network[] = [ipaddr.IPv6.parseCIDR("2000::/3")];

function isGlobalIpv6(address: ipaddr.IPv6): boolean {
  // A zone names a link of this machine.
  return address.zoneId === undefined && within(address, GLOBAL_UNICAST) && address.range() === "unicast";
}

// Reachable from inside of a cloud only, though the address looks public: Azure's platform channel.
const PLATFORM_ADDRESSES: readonly Network[] = [ipaddr.IPv4.parseCIDR("168.63.129.16/32")];
