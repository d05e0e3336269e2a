// `meanwhile keys`: API keys, made, listed and revoked directly in the store.
import { randomBytes, randomFillSync } from "node:crypto";
import { type ApiKeyRecord, createIdSource, SCOPES, type Store, systemClock } from "@meanwhile/core";
import { toInstantText, toInstantTextOrNull } from "@meanwhile/protocol";
import type { Command } from "commander";
import { openStore } from "../../open-store.js";
import { CliError } from "../cli-error.js";
import { type CliIo, printJson, printLine } from "../cli-io.js";
import { repeatable, wholeNumber } from "../option-values.js";
import { addConfigOption, addSettings, settingsOf } from "../setting-options.js";
import { tableLines } from "../table.js";

const DAY_MS = 86_400_000;
/** Running servers change with the first key, and whoever made jobs before it misses them: said when it happens. */
const FIRST_KEY =
  'It is the first key of this store: within seconds its servers refuse every caller without one. The jobs made until now belong to "local"; a key made with --owner local sees them.';
/** 192 bits: nobody guesses it, and it fits into one line. */
const SECRET_BYTES = 24;

export function addKeys(program: Command, io: CliIo): void {
  const keys = program
    .command("keys")
    .summary("make, list and revoke API keys")
    .description("API keys, directly in the store.");
  addCreate(keys, io);
  addKeyList(keys, io);
  addRevoke(keys, io);
}

function addCreate(keys: Command, io: CliIo): void {
  const command = keys
    .command("create")
    .summary("make a key; it is shown this once")
    .description("Makes a key and prints it, this once: the store keeps its hash only.")
    .argument("<name>", "what the key is called, unique among those that are not revoked")
    .option("--owner <owner>", "whose jobs its jobs are (default: the name)")
    .option(
      "--scope <scope>",
      `what it allows, may be repeated: ${SCOPES.join(", ")}, jobs:submit:<type> (default: all but jobs:admin and worker)`,
      repeatable,
    )
    .option("--expires-in-days <number>", "when it ends (default: never)", wholeNumber)
    .option("--json", "print the key and its facts as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  meanwhile keys create nightly-import --owner acme --scope jobs:submit --scope jobs:read",
    );
  addConfigOption(addSettings(command, ["store"]));
  command.action(async (name: string) => {
    const flags = command.opts<{ owner?: string; scope?: string[]; expiresInDays?: number; json?: true }>();
    // Loaded on use: the other commands start twice as fast without a server.
    const { API_KEY_PREFIX, hashApiKey, isScope } = await import("@meanwhile/server");
    const scopes = flags.scope ?? [];
    for (const scope of scopes) requireScope(scope, isScope);
    const key = `${API_KEY_PREFIX}${randomBytes(SECRET_BYTES).toString("base64url")}`;
    const createdAt = Date.now();
    const record: ApiKeyRecord = {
      id: createIdSource({ clock: systemClock, randomBytes: (bytes) => void randomFillSync(bytes) }).uuid(),
      name: requireName(name, "The name of a key"),
      owner: requireName(flags.owner ?? name, "--owner"),
      hash: hashApiKey(key),
      scopes,
      createdAt,
      expiresAt: flags.expiresInDays === undefined ? null : createdAt + flags.expiresInDays * DAY_MS,
      revokedAt: null,
    };
    const isFirst = await withStore(command, io, async ({ apiKeys }) => {
      await apiKeys.insert(record);
      return (await apiKeys.list()).length === 1;
    });
    if (flags.json === true) printJson(io.stdout, { key, ...keyFacts(record) });
    else {
      printLine(io.stdout, key);
      printLine(
        io.stderr,
        `Keep it now: it is not shown again. Callers send it as "authorization: Bearer ${API_KEY_PREFIX}…", the commands as MEANWHILE_TOKEN.`,
      );
      if (isFirst) printLine(io.stderr, FIRST_KEY);
    }
  });
}

function addKeyList(keys: Command, io: CliIo): void {
  const command = keys
    .command("list")
    .summary("list keys, without their secrets")
    .description("Lists the keys of the store, revoked and expired ones too; secrets are not known to anybody.")
    .option("--json", "print the keys as a JSON array")
    .addHelpText("after", "\nExample:\n  meanwhile keys list");
  addConfigOption(addSettings(command, ["store"]));
  command.action(async () => {
    const records = await withStore(command, io, (store) => store.apiKeys.list());
    if (command.opts<{ json?: true }>().json === true) return printJson(io.stdout, records.map(keyFacts));
    if (records.length === 0) return printLine(io.stdout, "No keys.");
    const now = Date.now();
    const rows = records.map((record) => [
      record.id,
      record.name,
      record.owner,
      stateOf(record, now),
      record.scopes.length === 0 ? "all but jobs:admin, worker" : record.scopes.join(" "),
      toInstantText(record.createdAt),
      toInstantTextOrNull(record.expiresAt) ?? "never",
    ]);
    for (const line of tableLines([["ID", "NAME", "OWNER", "STATE", "SCOPES", "CREATED", "EXPIRES"], ...rows])) {
      printLine(io.stdout, line);
    }
  });
}

function addRevoke(keys: Command, io: CliIo): void {
  const command = keys
    .command("revoke")
    .summary("end a key")
    .description("Ends a key for good; running servers notice within a minute. Its owner's jobs stay.")
    .argument("<id-or-name>", "the key's id or name")
    .addHelpText("after", "\nExample:\n  meanwhile keys revoke nightly-import");
  addConfigOption(addSettings(command, ["store"]));
  command.action(async (idOrName: string) => {
    const revoked = await withStore(command, io, (store) => store.apiKeys.revoke(idOrName, { at: Date.now() }));
    if (!revoked) {
      throw new CliError("negative", `There is no key "${idOrName}" that is not revoked. See: meanwhile keys list`);
    }
    printLine(io.stdout, `Revoked ${idOrName}.`);
  });
}

async function withStore<T>(command: Command, io: CliIo, use: (store: Store) => Promise<T>): Promise<T> {
  const { settings } = await settingsOf(command, io);
  if (settings.store.startsWith("memory:")) {
    throw new CliError(
      "usage",
      "Keys cannot be kept in memory:. Name the server's store with --store or MEANWHILE_STORE.",
    );
  }
  const store = await openStore(settings.store);
  try {
    await store.migrate();
    return await use(store);
  } finally {
    await store.close();
  }
}

function stateOf({ revokedAt, expiresAt }: ApiKeyRecord, now: number): string {
  if (revokedAt !== null) return "revoked";
  return expiresAt !== null && expiresAt <= now ? "expired" : "active";
}

/** All but the hash, with instants as they are written on the wire. */
function keyFacts({ id, name, owner, scopes, createdAt, expiresAt, revokedAt }: ApiKeyRecord) {
  return {
    id,
    name,
    owner,
    scopes,
    createdAt: toInstantText(createdAt),
    expiresAt: toInstantTextOrNull(expiresAt),
    revokedAt: toInstantTextOrNull(revokedAt),
  };
}

function requireScope(scope: string, isScope: (text: string) => boolean): void {
  if (isScope(scope)) return;
  throw new CliError("usage", `There is no scope "${scope}". Scopes are ${SCOPES.join(", ")}, jobs:submit:<type>.`);
}

function requireName(text: string, what: string): string {
  if (/^[\x21-\x7e]{1,100}$/.test(text)) return text;
  throw new CliError(
    "usage",
    `${what} must be 1 to 100 printable characters without spaces; got ${JSON.stringify(text)}.`,
  );
}
