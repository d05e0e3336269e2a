// The settings of this process: flag over environment over configuration file over default.
import { ConfigurationError } from "@meanwhile/core";
import { closestName } from "./closest-name.js";
import { type ConfigFile, loadConfigFile } from "./config-file.js";
import { SETTING_NAMES, type SettingName, type Settings, settingOf } from "./settings.js";

/** Values of flags by the name of their setting; absent or `undefined` where not given. */
export type FlagValues = { readonly [Name in SettingName]?: unknown };

export interface LoadOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly flags?: FlagValues;
  /** `--config`; without it the usual names are looked for in `cwd`. */
  readonly configFile?: string;
}

export interface LoadedSettings {
  readonly settings: Settings;
  /** Where each value came from, as people would say it: `--port`, `MEANWHILE_PORT`, `port in <file>`, `default`. */
  readonly sources: Readonly<Record<SettingName, string>>;
  readonly configFile: string | undefined;
}

/** @throws ConfigurationError naming the place, what came and what would do; also for unknown names. */
export async function loadSettings({ env, cwd, flags = {}, configFile }: LoadOptions): Promise<LoadedSettings> {
  refuseUnknownVariables(env);
  const file = await loadConfigFile(cwd, configFile);
  const settings: Partial<Record<SettingName, unknown>> = {};
  const sources: Partial<Record<SettingName, string>> = {};
  for (const name of SETTING_NAMES) {
    const given = findValue(name, { env, flags, file });
    settings[name] =
      given === undefined ? settingOf(name).defaultValue : settingOf(name).read(given.value, given.source);
    sources[name] = given?.source ?? "default";
  }
  return { settings: settings as Settings, sources: sources as Record<SettingName, string>, configFile: file?.path };
}

interface Places {
  env: NodeJS.ProcessEnv;
  flags: FlagValues;
  file: ConfigFile | undefined;
}

function findValue(name: SettingName, { env, flags, file }: Places): { value: unknown; source: string } | undefined {
  const { flag, env: variable, otherEnv, inFile } = settingOf(name);
  if (flags[name] !== undefined) return { value: flags[name], source: `--${flag}` };
  for (const place of [variable, otherEnv]) {
    // Empty counts as not set: that is how shells and compose files leave a variable out.
    if (place !== undefined && env[place] !== undefined && env[place] !== "")
      return { value: env[place], source: place };
  }
  const value = inFile ? file?.values[name] : undefined;
  return value === undefined ? undefined : { value, source: `${name} in ${file!.path}` };
}

export const VARIABLES: readonly string[] = SETTING_NAMES.flatMap((name) => settingOf(name).env ?? []);

/** A misspelt variable would otherwise be a setting that silently does not hold. */
function refuseUnknownVariables(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(env)) {
    if (!name.startsWith("MEANWHILE_") || VARIABLES.includes(name)) continue;
    const meant = closestName(name, VARIABLES);
    throw new ConfigurationError(
      `There is no setting ${name}.${meant === undefined ? "" : ` Did you mean ${meant}?`} Remove it from the environment; known are ${VARIABLES.join(", ")}.`,
    );
  }
}
