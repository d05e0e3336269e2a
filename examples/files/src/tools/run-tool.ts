// Runs one external program to its end: bounded in time, its whole process group killed on abort.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { TOOL_OUTPUT_CHARACTERS } from "../limits.js";

export interface ToolRun {
  readonly program: string;
  readonly arguments: readonly string[];
  /** Where it works; by this a sweep finds it if this process is killed. */
  readonly workFolder: string;
  readonly signal: AbortSignal;
  /** Longest time the program may take, in milliseconds; `false` when only the signal limits it. */
  readonly timeoutMs: number | false;
  /** Called with each line of standard output. Default: the lines are kept in `output`. */
  readonly onLine?: (line: string) => void;
  /** Address space the program may take, in KiB. Default: no limit. */
  readonly memoryKib?: number;
}

export type ToolOutcome =
  | { readonly ended: "exited"; readonly exitCode: number; readonly output: string; readonly complaints: string }
  | { readonly ended: "killed"; readonly by: NodeJS.Signals; readonly complaints: string }
  | { readonly ended: "timed_out" };

/**
 * The program sees an environment of a few harmless variables and its work folder as home: no credentials of the worker.
 *
 * @throws the signal's reason when it fires; the program and all its children are dead by then.
 */
export async function runTool(run: ToolRun): Promise<ToolOutcome> {
  run.signal.throwIfAborted();
  const [program, programArguments] = limited(run);
  // A group of its own (detached): soffice is a script that starts a starter that starts the program.
  const child = spawn(program, programArguments, {
    cwd: run.workFolder,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH ?? "", HOME: run.workFolder, TMPDIR: run.workFolder, LC_ALL: "C.UTF-8" },
  });
  const closed = new Promise<{ exitCode: number | null; by: NodeJS.Signals | null }>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode, by) => resolve({ exitCode, by }));
  });

  const output = new Tail();
  const complaints = new Tail();
  createInterface({ input: child.stdout }).on("line", run.onLine ?? ((line) => output.add(`${line}\n`)));
  child.stderr.setEncoding("utf8").on("data", (text: string) => complaints.add(text));

  let timedOut = false;
  const kill = () => killGroup(child.pid);
  const onTimeout = () => {
    timedOut = true;
    kill();
  };
  const timer = run.timeoutMs === false ? undefined : setTimeout(onTimeout, run.timeoutMs);
  run.signal.addEventListener("abort", kill, { once: true });
  try {
    const { exitCode, by } = await closed;
    run.signal.throwIfAborted();
    if (timedOut) return { ended: "timed_out" };
    if (exitCode === null) return { ended: "killed", by: by ?? "SIGKILL", complaints: complaints.text };
    return { ended: "exited", exitCode, output: output.text, complaints: complaints.text };
  } finally {
    clearTimeout(timer);
    run.signal.removeEventListener("abort", kill);
    kill();
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The whole group has ended: what was wanted.
  }
}

/** The limit is set by the shell that becomes the program; a system without it runs the program unlimited. */
function limited(run: ToolRun): [string, string[]] {
  if (run.memoryKib === undefined) return [run.program, [...run.arguments]];
  const script = `ulimit -v ${run.memoryKib} 2>/dev/null; exec "$0" "$@"`;
  return ["/bin/sh", ["-c", script, run.program, ...run.arguments]];
}

/** Keeps the end of a text that may be endless. */
class Tail {
  text = "";

  add(more: string): void {
    this.text = (this.text + more).slice(-TOOL_OUTPUT_CHARACTERS);
  }
}
