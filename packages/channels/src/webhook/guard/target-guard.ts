// Judges where webhooks may go: the address as it is written, then every address that its host has.
//
// Hosts are judged twice: when a target is stored, so that a mistake is told at once, and at every connect, on the addresses
// that are really used. Only the second protects: DNS may say something else by then.
import { canonicalAddress, isGloballyReachable, parseAddress } from "./address-rules.js";
import { type Exceptions, parseExceptions } from "./exceptions.js";
import { addressesOfThisMachine, type OwnAddresses } from "./own-addresses.js";
import type { Resolve } from "./resolve.js";
import { isLocalName, readTargetUrl } from "./url-rules.js";

export interface TargetGuardOptions {
  /** Hosts, addresses and networks that are allowed although they are private. */
  readonly allowPrivateTargets: readonly string[];
  readonly requireHttps: boolean;
  readonly resolve: Resolve;
  /** The addresses of this machine itself. Default: those of its interfaces, looked up each time. */
  readonly ownAddresses?: OwnAddresses;
}

export interface TargetGuard {
  /** What is wrong with the address by itself, without looking up its host. */
  findUrlFault(target: string): string | undefined;
  /** What is wrong with the address, or with any address of its host. A name that does not resolve (yet) is fine. */
  findFault(target: string): Promise<string | undefined>;
  /**
   * The addresses of a host, all of them allowed.
   *
   * @throws RefusedTarget where one is not; what `resolve` throws where nobody knows any.
   */
  requireAddresses(host: string): Promise<readonly string[]>;
  /** @throws RefusedTarget where the socket has ended up elsewhere than at one of these. */
  requireOneOf(addresses: readonly string[], remoteAddress: string | undefined): void;
}

/** The target may not be used at all, however often one tries. */
export class RefusedTarget extends Error {
  override readonly name = "RefusedTarget";
}

type Verdict =
  | { readonly kind: "allowed"; readonly addresses: readonly string[] }
  | { readonly kind: "refused"; readonly fault: string }
  /** Nobody knows an address of it now. */
  | { readonly kind: "unknown"; readonly cause: unknown };

/** @throws ConfigurationError for an entry of `allowPrivateTargets` that cannot be read. */
export function createTargetGuard(options: TargetGuardOptions): TargetGuard {
  const { allowPrivateTargets, requireHttps, resolve, ownAddresses = addressesOfThisMachine } = options;
  const grounds = { exceptions: parseExceptions(allowPrivateTargets), resolve, ownAddresses };
  return {
    findUrlFault(target) {
      const reading = readTargetUrl(target, { requireHttps });
      return "fault" in reading ? reading.fault : undefined;
    },
    async findFault(target) {
      const reading = readTargetUrl(target, { requireHttps });
      if ("fault" in reading) return reading.fault;
      const verdict = await judgeHost(reading.url.hostname, grounds);
      return verdict.kind === "refused" ? verdict.fault : undefined;
    },
    async requireAddresses(host) {
      const verdict = await judgeHost(host, grounds);
      if (verdict.kind === "refused") throw new RefusedTarget(verdict.fault);
      if (verdict.kind === "unknown") throw verdict.cause;
      return verdict.addresses;
    },
    requireOneOf(addresses, remoteAddress) {
      const reached = canonicalAddress(remoteAddress ?? "");
      if (reached !== undefined && addresses.some((address) => canonicalAddress(address) === reached)) return;
      throw new RefusedTarget("The connection led to another address than the ones that were checked.");
    },
  };
}

interface Grounds {
  readonly exceptions: Exceptions;
  readonly resolve: Resolve;
  readonly ownAddresses: OwnAddresses;
}

async function judgeHost(host: string, grounds: Grounds): Promise<Verdict> {
  const literal = parseAddress(host);
  // Dots at the end of a name mean the root of DNS; they change nothing.
  if (literal === undefined) return judgeName(host.replace(/\.+$/, ""), grounds);
  const addresses = [literal.toString()];
  return areAllowed(addresses, { ...grounds, isLocal: false })
    ? { kind: "allowed", addresses }
    : refused(`The address ${literal} is not a public one.`);
}

async function judgeName(name: string, grounds: Grounds): Promise<Verdict> {
  const isListed = grounds.exceptions.hasHost(name);
  const isLocal = isLocalName(name);
  // Its addresses are not told: they would be a map of the network behind.
  const notPublic = refused(`The host ${JSON.stringify(name)} is not a public one.`);
  let addresses: readonly string[];
  try {
    addresses = await grounds.resolve(name);
  } catch (cause) {
    return isLocal && !isListed ? notPublic : { kind: "unknown", cause };
  }
  if (addresses.length === 0) return { kind: "unknown", cause: new Error("The name has no address.") };
  return isListed || areAllowed(addresses, { ...grounds, isLocal }) ? { kind: "allowed", addresses } : notPublic;
}

/** One that is not allowed is enough to refuse all: which of them a connection takes is nobody's choice. */
function areAllowed(texts: readonly string[], grounds: Grounds & { readonly isLocal: boolean }): boolean {
  const { exceptions, ownAddresses, isLocal } = grounds;
  const isOwn = (canonical: string | undefined) => ownAddresses().some((own) => canonicalAddress(own) === canonical);
  return texts.every((text) => {
    const address = parseAddress(text);
    if (address === undefined) return false;
    if (exceptions.hasAddress(address)) return true;
    // What is local by its name is inside, whatever its address looks like.
    return !isLocal && isGloballyReachable(address) && !isOwn(canonicalAddress(text));
  });
}

function refused(fault: string): Verdict {
  return {
    kind: "refused",
    fault: `${fault} Where it is meant, the server must list it: MEANWHILE_ALLOW_PRIVATE_TARGETS.`,
  };
}
