// Command line flags made from the table of settings.
import { type Command, Option } from "commander";
import { type LoadedSettings, loadSettings } from "../config/load-settings.js";
import { type SettingName, settingOf } from "../config/settings.js";
import { ApiClient } from "./api-client.js";
import type { CliIo } from "./cli-io.js";

export function addSettings(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) {
    const { flag, placeholder, doc, env, defaultText } = settingOf(name);
    const facts = [...(env === undefined ? [] : [`env ${env}`]), `default ${defaultText}`].join(", ");
    command.addOption(new Option(`--${flag} <${placeholder}>`, `${asHelp(doc)} (${facts})`));
  }
  return command;
}

/** As commander's own texts are: no capital, no full stop. */
function asHelp(sentence: string): string {
  return `${sentence[0]!.toLowerCase()}${sentence.slice(1)}`.replace(/\.$/, "");
}

export function addConfigOption(command: Command): Command {
  return command.option("--config <file>", "configuration file (default meanwhile.config.ts, .mts, .js or .mjs here)");
}

/** The settings with the command's flags on top. Flags are named like their settings, so commander's names fit. */
export function settingsOf(command: Command, io: CliIo): Promise<LoadedSettings> {
  const flags = command.opts<Record<string, unknown>>();
  const configFile = typeof flags.config === "string" ? { configFile: flags.config } : {};
  return loadSettings({ env: io.env, cwd: io.cwd, flags, ...configFile });
}

/** `--url`, for commands that talk to a server. */
export function addServerOptions(command: Command): Command {
  return addSettings(command, ["url"]);
}

export async function apiOf(command: Command, io: CliIo): Promise<ApiClient> {
  // The port may come from the configuration file: the server that is started here is the one that is asked here.
  const { settings } = await settingsOf(command, io);
  return new ApiClient({ baseUrl: settings.url ?? `http://127.0.0.1:${settings.port}`, token: settings.token });
}
