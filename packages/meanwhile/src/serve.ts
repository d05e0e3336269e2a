// `meanwhile/serve`: the process of `meanwhile serve`, for a program that has a main of its own.
import { processIo } from "./cli/process-io.js";
import { type OwnJobs, runCli } from "./cli/program.js";

export interface ServeOptions extends OwnJobs {
  /** Flags of `meanwhile serve`. Default: those of this process. */
  args?: readonly string[];
}

/**
 * Serves the API and runs the jobs until the process is told to stop: settings from flags, environment and file, signals,
 * logs and greeting included.
 *
 * @returns the exit code; every error has been printed. The caller ends the process with it.
 * @example process.exit(await serve({ jobs: [greet] }));
 */
export function serve({ args = process.argv.slice(2), ...own }: ServeOptions): Promise<number> {
  return runCli(["serve", ...args], processIo(), own);
}
