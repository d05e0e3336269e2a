// Which addresses only this machine can reach: a server without credentials listens on no others.

/** Whether the host is a name or an address of the loopback interface, for instance `localhost`, `127.0.0.1`, `[::1]`. */
export function isLoopbackName(host: string): boolean {
  if (host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || host === "::1") return true;
  return LOOPBACK_IPV4.test(host);
}

// Each part at most 255 and without leading zeros, which some resolvers read as octal.
const LOOPBACK_IPV4 = /^127(?:\.(?:0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])){3}$/;
