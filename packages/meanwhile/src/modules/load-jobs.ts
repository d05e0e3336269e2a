// Finds the job definitions behind paths and patterns; every complaint names the file.
import { resolve } from "node:path";
import { type AnyJobDefinition, ConfigurationError, createCatalog } from "@meanwhile/core";
import { isDefinition } from "../config/settings.js";
import { findFiles } from "./find-files.js";
import { loadModule } from "./load-module.js";

export interface LoadedJobs {
  readonly definitions: readonly AnyJobDefinition[];
  /** Loaded, and no definition among their exports: perhaps one that somebody forgot to export. */
  readonly modulesWithoutJobs: readonly string[];
}

/**
 * @param items Paths, patterns (`*`, `**`, `?`, `{a,b}`), or definitions themselves.
 * @throws ConfigurationError for a path that is not there, a module that cannot be loaded, a wrong definition, or a type
 *   that two files define.
 */
export async function loadJobs(
  items: readonly (string | AnyJobDefinition)[],
  { cwd }: { cwd: string },
): Promise<LoadedJobs> {
  const origins = new Map<string, { definition: AnyJobDefinition; origin: string }>();
  const modulesWithoutJobs: string[] = [];
  for (const item of items) {
    if (typeof item !== "string") {
      add(origins, item, "the configuration");
      continue;
    }
    for (const path of await findFiles(resolve(cwd, item))) {
      const definitions = definitionsOf(await loadModule(path));
      if (definitions.length === 0) modulesWithoutJobs.push(path);
      for (const definition of definitions) add(origins, definition, path);
    }
  }
  const definitions = [...origins.values()].map(({ definition }) => definition);
  if (definitions.length === 0 && modulesWithoutJobs.length > 0) {
    throw new ConfigurationError(
      `No job is exported by ${modulesWithoutJobs.join(", ")}. Export what defineJob returns: export const greet = defineJob({ ... }).`,
    );
  }
  return { definitions, modulesWithoutJobs };
}

type Origins = Map<string, { definition: AnyJobDefinition; origin: string }>;

function add(origins: Origins, definition: AnyJobDefinition, origin: string): void {
  const earlier = origins.get(definition.type);
  // The same one by two ways, for instance exported again by an index: no contradiction.
  if (earlier?.definition === definition) return;
  if (earlier !== undefined) {
    throw new ConfigurationError(
      `${origin}: the job type "${definition.type}" is already defined in ${earlier.origin}. Every type needs a name of its own.`,
    );
  }
  try {
    createCatalog([definition]);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ConfigurationError(`${origin}: ${error.message}`, { cause: error });
  }
  origins.set(definition.type, { definition, origin });
}

/** Definitions among the exports, in lists and in plain objects of them too. */
function definitionsOf(exported: Record<string, unknown>): readonly AnyJobDefinition[] {
  const found = new Set<AnyJobDefinition>();
  for (const value of Object.values(exported)) {
    const group: readonly unknown[] =
      isDefinition(value) || typeof value !== "object" || value === null ? [value] : Object.values(value);
    for (const candidate of group) if (isDefinition(candidate)) found.add(candidate);
  }
  return [...found];
}
