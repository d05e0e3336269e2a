// Looks up the addresses of a name.
import { lookup, Resolver } from "node:dns/promises";
import type { Clock } from "@meanwhile/core";

/** Gives every address of a name, at least one. Rejects where it has none, or where nobody can tell now. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/**
 * Of DNS alone. However many names wait for servers that never answer, none holds up another: the operating system is asked by
 * two threads, and whoever may name a target could keep both busy for everybody.
 *
 * @param servers Default: those of this machine.
 */
export function createDnsResolver({ servers }: { servers?: readonly string[] } = {}): Resolve {
  const resolver = new Resolver(DNS_PATIENCE);
  if (servers !== undefined) resolver.setServers(servers);
  return async (hostname) => {
    const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    const addresses = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    if (addresses.length > 0) return addresses;
    throw asSystemError(answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : [])));
  };
}

/** Together less than what a connection may take. */
const DNS_PATIENCE = { timeout: 2_000, tries: 2 };

const NO_SUCH_NAME = new Set<unknown>(["ENOTFOUND", "ENODATA"]);

/** In the words of the operating system: it has none of the name, or nobody can tell now. */
function asSystemError(reasons: readonly NodeJS.ErrnoException[]): Error {
  const unknown = reasons.find(({ code }) => !NO_SUCH_NAME.has(code));
  const error = unknown ?? reasons[0];
  return Object.assign(new Error(error?.message), {
    code: unknown === undefined ? error?.code : "EAI_AGAIN",
    cause: error,
  });
}

/** Of the operating system: DNS, the hosts file, what containers are told. Chains of aliases are followed there. */
export const resolveBySystem: Resolve = async (hostname) => {
  const answers = await lookup(hostname, { all: true, verbatim: true });
  return answers.map(({ address }) => address);
};

/** A burst of submits names the same few hosts: they are asked for once. */
const KEPT_MS = 5_000;
const KEPT_NAMES = 1_000;

/** Nobody waits longer for advice: DNS servers that never answer would hold every submit that names one. */
const PATIENCE_MS = 2_000;

/** For advice only, never for a connection: answers are used for five seconds, and those that take long are not awaited. */
export function createAdviceResolver(resolve: Resolve, clock: Clock): Resolve {
  const known = new Map<string, { until: number; answer: Promise<readonly string[]> }>();
  return (hostname) => {
    const now = clock.now();
    const entry = known.get(hostname);
    if (entry !== undefined && entry.until > now) return entry.answer;
    const answer = soon(resolve(hostname), clock);
    known.delete(hostname);
    known.set(hostname, { until: now + KEPT_MS, answer });
    // A map keeps the order of its entries: the first is the oldest.
    if (known.size > KEPT_NAMES) known.delete(known.keys().next().value as string);
    return answer;
  };
}

function soon<T>(answer: Promise<T>, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`No answer about the name within ${PATIENCE_MS} ms.`));
    const disarm = clock.after(PATIENCE_MS, late);
    answer.then(resolve, reject).finally(disarm);
  });
}
