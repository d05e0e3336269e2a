// The setting that names API keys directly: `owner:mw_secret[:scope+scope…]`, comma-separated.
import { ConfigurationError, SCOPES } from "@meanwhile/core";

export interface ConfiguredApiKey {
  readonly owner: string;
  readonly secret: string;
  /** Empty: all scopes but those on request. */
  readonly scopes: readonly string[];
}

const SHAPE = "owner:mw_secret or owner:mw_secret:scope+scope";

/** @throws ConfigurationError that never shows the secret. */
export function readApiKeys(value: unknown, at: string): readonly ConfiguredApiKey[] {
  if (typeof value !== "string") {
    throw new ConfigurationError(`${at} must be text such as "${SHAPE}", got ${typeof value}.`);
  }
  const entries = value.split(",").map((entry) => entry.trim());
  const keys = entries
    .filter((entry) => entry !== "")
    .map((entry, index) => readApiKey(entry, `${at}, entry ${index + 1}`));
  const secrets = new Set(keys.map((key) => key.secret));
  if (secrets.size < keys.length) throw new ConfigurationError(`${at} holds the same secret twice.`);
  return keys;
}

function readApiKey(entry: string, at: string): ConfiguredApiKey {
  // Scopes may hold colons themselves (`jobs:submit`): everything behind the second colon is scopes.
  const [owner = "", secret = "", ...rest] = entry.split(":");
  if (owner === "") throw new ConfigurationError(`${at}: the owner is missing. Expected ${SHAPE}.`);
  if (!/^mw_[\x21-\x7e]{8,}$/.test(secret)) {
    throw new ConfigurationError(
      `${at}: the secret of "${owner}" must begin with mw_ and have at least 8 characters behind it. Expected ${SHAPE}.`,
    );
  }
  const scopes = rest
    .join(":")
    .split("+")
    .filter((scope) => scope !== "");
  for (const scope of scopes) requireScope(scope, at);
  return { owner, secret, scopes };
}

/** @throws ConfigurationError naming the scopes that there are. */
export function requireScope(scope: string, at: string): string {
  if ((SCOPES as readonly string[]).includes(scope) || /^jobs:submit:[A-Za-z][A-Za-z0-9._-]*$/.test(scope))
    return scope;
  throw new ConfigurationError(
    `${at}: there is no scope "${scope}". Scopes are ${SCOPES.join(", ")}, and jobs:submit:<type>.`,
  );
}
