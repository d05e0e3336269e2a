// `meanwhile.config.ts` (or .mts, .js, .mjs): found, loaded, and nothing in it unknown.
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { type AnyJobDefinition, ConfigurationError } from "@meanwhile/core";
import { loadModule } from "../modules/load-module.js";
import { closestName } from "./closest-name.js";
import { SETTING_NAMES, type Settings, settingOf } from "./settings.js";

/** What the configuration file may say. */
export type MeanwhileConfig = Partial<Omit<Settings, "jobs" | "url" | "token">> & {
  /** Paths, patterns, or definitions themselves. */
  jobs?: string | AnyJobDefinition | readonly (string | AnyJobDefinition)[];
};

/**
 * Gives the configuration back; for completion and checks in an editor.
 *
 * @example export default defineConfig({ jobs: "./jobs/*.ts", port: 3000 });
 */
export function defineConfig(config: MeanwhileConfig): MeanwhileConfig {
  return config;
}

export interface ConfigFile {
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export const CONFIG_FILE_NAMES = ["ts", "mts", "js", "mjs"].map((ending) => `meanwhile.config.${ending}`);

/** @throws ConfigurationError for a named file that is not there, one that cannot be loaded, or an unknown name in it. */
export async function loadConfigFile(cwd: string, named: string | undefined): Promise<ConfigFile | undefined> {
  const path = named === undefined ? await findConfigFile(cwd) : resolve(cwd, named);
  if (path === undefined) return undefined;
  if (!(await isFile(path))) throw new ConfigurationError(`There is no configuration file ${path} (from --config).`);
  const exported = (await loadModule(path)).default;
  if (typeof exported !== "object" || exported === null || Array.isArray(exported)) {
    throw new ConfigurationError(`${path} must export its settings: export default defineConfig({ ... }).`);
  }
  const known = SETTING_NAMES.filter((name) => settingOf(name).inFile);
  for (const name of Object.keys(exported)) {
    if ((known as readonly string[]).includes(name)) continue;
    const meant = closestName(name, known);
    throw new ConfigurationError(
      `${path}: there is no setting "${name}".${meant === undefined ? "" : ` Did you mean "${meant}"?`} Settings are ${known.join(", ")}.`,
    );
  }
  return { path, values: exported as Record<string, unknown> };
}

async function findConfigFile(cwd: string): Promise<string | undefined> {
  const found: string[] = [];
  for (const name of CONFIG_FILE_NAMES) {
    if (await isFile(resolve(cwd, name))) found.push(resolve(cwd, name));
  }
  if (found.length < 2) return found[0];
  throw new ConfigurationError(
    `There are several configuration files: ${found.join(", ")}. Keep one, or name one with --config.`,
  );
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    // Not there, or not to be seen: the same to us.
    return false;
  }
}
