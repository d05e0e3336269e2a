// Starts the built command line as a real process, and waits for what it says.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const BIN = fileURLToPath(new URL("../dist/bin.js", import.meta.url));
export const FIXTURES = fileURLToPath(new URL("./fixtures", import.meta.url));

/** Far beyond what anything takes here; machines that run every suite at once are slow. */
const LIMIT_MS = 30_000;
/** Of one test with several processes, one after the other. */
export const TEST_LIMIT_MS = 90_000;
const AGAIN_MS = 50;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Program {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Resolves with the match as soon as the output, both streams together, has it. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
  /** Sends the signal again and again, as an impatient person does, until it has ended. */
  endUnder(signal: NodeJS.Signals): Promise<Ended>;
  /** Resolves when it has ended by itself, or was killed. */
  end(): Promise<Ended>;
}

export interface Workbench {
  /** An empty folder: the programs' working directory, database and files. */
  readonly folder: string;
  /** Runs `meanwhile` with these arguments. */
  start(args: readonly string[], options?: StartOptions): Program;
  /** Runs it to its end. */
  run(args: readonly string[], options?: StartOptions): Promise<Ended>;
  /** Starts a server on a free port, and gives its address. */
  serve(args?: readonly string[], options?: StartOptions): Promise<Program & { url: string }>;
  /** Kills what still runs. */
  clear(): Promise<void>;
}

export interface StartOptions {
  env?: NodeJS.ProcessEnv;
  input?: string;
  /** In a pseudo terminal, with `script`: everything comes on its standard output. */
  terminal?: boolean;
}

export async function createWorkbench(): Promise<Workbench> {
  if (!existsSync(BIN)) throw new Error(`${BIN} is not built. Run: npm run build`);
  const folder = await mkdtemp(join(tmpdir(), "meanwhile-cli-"));
  const children: ChildProcess[] = [];

  const start: Workbench["start"] = (args, options = {}) => {
    const command = [process.execPath, BIN, ...args];
    const [program, ...rest] =
      options.terminal === true ? ["script", "-qec", command.map(quoted).join(" "), "/dev/null"] : command;
    const child = spawn(program!, rest, {
      cwd: folder,
      env: { ...ownEnvironment(), ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    children.push(child);
    child.stdin.end(options.input ?? "");
    return watch(child, args);
  };

  return {
    folder,
    start,
    run: (args, options) => start(args, options).end(),
    async serve(args = ["--jobs", join(FIXTURES, "jobs", "*.ts")], options) {
      const program = start(["serve", "--port", "0", ...args], options);
      const [, url = ""] = await program.says(/meanwhile: API (http:\S+)\/api\/v2/);
      return { ...program, url };
    },
    async clear() {
      for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Without what the surroundings of the test set: it would be read as settings. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(
    ([name]) => !name.startsWith("MEANWHILE_") && name !== "PORT" && !name.startsWith("npm_"),
  );
  return { ...Object.fromEntries(entries), MEANWHILE_GRPC_PORT: "0", NODE_OPTIONS: "", COLUMNS: "100" };
}

function watch(child: ChildProcess, args: readonly string[]): Program {
  let stdout = "";
  let stderr = "";
  const looks = new Set<() => void>();
  const heard = () => {
    for (const look of looks) look();
  };
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    heard();
  });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    heard();
  });
  const everything = () => `meanwhile ${args.join(" ")} said\n${stdout}\n${stderr}`;
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code, signal) => {
      resolve({ code, signal, stdout, stderr });
      heard();
    });
  });
  return {
    pid: child.pid!,
    stdout: () => stdout,
    stderr: () => stderr,
    end: () => within(ended, () => `the end of: ${everything()}`),
    kill: (signal) => void child.kill(signal),
    async endUnder(signal) {
      const again = setInterval(() => child.kill(signal), AGAIN_MS);
      try {
        return await within(ended, () => `the end of: ${everything()}`);
      } finally {
        clearInterval(again);
      }
    },
    says(pattern) {
      const said = new Promise<RegExpExecArray>((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(`${stdout}\n${stderr}`);
          if (match !== null) {
            looks.delete(look);
            resolve(match);
          } else if (child.exitCode !== null) reject(new Error(`It ended without saying ${pattern}; ${everything()}`));
        };
        looks.add(look);
        look();
      });
      return within(said, () => `${pattern}; ${everything()}`);
    },
  };
}

async function within<T>(promise: Promise<T>, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${LIMIT_MS} ms in vain for ${what()}`)), LIMIT_MS);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
