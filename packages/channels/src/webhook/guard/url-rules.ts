// What an address of a webhook must look like, before anybody looks up its host.

export interface UrlRules {
  readonly requireHttps: boolean;
}

/** The parsed address, or what is wrong with it. From here on only the parsed form is used: two parsers may disagree. */
export type UrlReading = { readonly url: URL } | { readonly fault: string };

/** Longer than what browsers and proxies agree on; no receiver needs it. */
const LONGEST_CHARACTERS = 2_048;

// The parser would drop or rewrite them: what stands there would not be what is used.
const REWRITTEN = /[^!-[\]-~\u0080-\uffff]/;

export function readTargetUrl(target: string, { requireHttps }: UrlRules): UrlReading {
  if (target.length > LONGEST_CHARACTERS)
    return fault(`The address has ${target.length} characters; at most ${LONGEST_CHARACTERS} are taken.`);
  if (REWRITTEN.test(target)) return fault("The address holds a space, a control character or a backslash.");
  if (!URL.canParse(target)) return fault('This is no address such as "https://example.com/hooks".');
  const url = new URL(target);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    return fault("The address must begin with https:// or http://.");
  if (requireHttps && url.protocol !== "https:") return fault("The address must begin with https:// on this server.");
  if (url.username !== "" || url.password !== "")
    return fault("The address must not hold a user or a password. Check the signature of what arrives instead.");
  return { url };
}

function fault(detail: string): UrlReading {
  return { fault: detail };
}

// Names that mean something on this machine or this network only (RFC 6761, 6762, 8375; ICANN's .internal), and the short
// ones that a search domain completes.
const LOCAL_SUFFIXES = [
  "localhost",
  "localdomain",
  "local",
  "internal",
  "intranet",
  "private",
  "corp",
  "home",
  "lan",
  "home.arpa",
];

/** Whether a name can only lead to somewhere inside. */
export function isLocalName(hostname: string): boolean {
  if (!hostname.includes(".")) return true;
  return LOCAL_SUFFIXES.some((suffix) => hostname === suffix || hostname.endsWith(`.${suffix}`));
}
