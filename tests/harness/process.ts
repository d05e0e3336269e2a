// Real processes under test: started, watched, told to stop, killed.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface StartOptions {
  /** Arguments of the program. */
  args?: readonly string[];
  /** Added to the environment of this process. */
  env?: Readonly<Record<string, string>>;
  /** A command that starts it, such as one that enters a network namespace; the process must stay the same one. Default: none. */
  through?: readonly string[];
  /** Where it runs. Default: the folder of the project. */
  cwd?: string;
  /** The output that says it is ready. Its first group, where there is one, is the address that it serves. */
  ready: RegExp;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Program {
  readonly pid: number;
  /** The address, once it is ready; `undefined` where it ended before. */
  readonly ready: Promise<string | undefined>;
  readonly exited: Promise<Exit>;
  /** All that it printed so far. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, then waits for the end. @throws Error with the output where it does not end in time. */
  stop(options?: { withinMs?: number }): Promise<Exit>;
}

/**
 * Starts one of `tests/program` as it was compiled.
 *
 * @throws Error where the programs have not been built.
 */
export function startProgram(name: string, { args = [], env = {}, through = [], cwd, ready }: StartOptions): Program {
  const file = fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url));
  if (!existsSync(file)) throw new Error(`${file} is not there. Build the test programs first: npx tsc -b tests`);
  const [command = "", ...rest] = [...through, process.execPath, file, ...args];
  const child = spawn(command, rest, {
    cwd: cwd ?? fileURLToPath(new URL("../..", import.meta.url)),
    env: { ...cleanEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  alive.add(child);
  let output = "";
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => {
      alive.delete(child);
      resolve({ code, signal });
    });
  });
  const became = new Promise<string | undefined>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        const found = ready.exec(output);
        if (found !== null) resolve(found[1] ?? "");
      });
    }
    child.once("exit", () => resolve(undefined));
  });
  return {
    pid: child.pid!,
    ready: became,
    exited,
    output: () => output,
    signal: (signal) => void child.kill(signal),
    async stop({ withinMs = 15_000 } = {}) {
      child.kill("SIGTERM");
      return within(exited, withinMs, () => `process ${child.pid} to end after SIGTERM; it printed:\n${output}`);
    },
  };
}

/** @throws Error naming `what` where the promise takes longer. */
export async function within<T>(promise: Promise<T>, limitMs: number, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${limitMs} ms in vain for ${what()}`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Ends what a test left behind, so that a failed test leaves no process on the machine. */
export function killLeftovers(): void {
  for (const child of alive) child.kill("SIGKILL");
}

const alive = new Set<ChildProcess>();
process.once("exit", killLeftovers);

/** Settings of whoever runs the tests must not leak into the processes, nor what the test runner sets for itself. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(MEANWHILE_|VITEST|NODE_OPTIONS$|NODE_ENV$|PORT$)/.test(name),
  );
  return Object.fromEntries(own);
}
