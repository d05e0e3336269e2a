// Child processes: started by fork, asked over IPC, ended for certain; and the CPU seconds of any process.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import type { Answer, ParameterOf, ResultOf } from "./calls.js";

/** Linux counts CPU time for /proc in hundredths of a second on every architecture Node runs on. */
const TICKS_PER_SECOND = 100;
const END_GRACE_MS = 3_000;
const KEPT_OUTPUT_CHARACTERS = 4_000;

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/** A forked process that answers the calls named in `Methods`. */
export class Child<Methods extends object> {
  readonly #process: ChildProcess;
  readonly #name: string;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #output = "";

  /** @param script The compiled file to run. @param options.name Stands in every error of this process. @param options.nodeFlags Flags of Node. */
  constructor(script: URL, options: { name: string; nodeFlags?: readonly string[] }) {
    this.#name = options.name;
    const execArgv = [...(options.nodeFlags ?? [])];
    this.#process = fork(script, [], { stdio: ["ignore", "pipe", "pipe", "ipc"], execArgv });
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-KEPT_OUTPUT_CHARACTERS);
    };
    this.#process.stdout?.on("data", keep);
    this.#process.stderr?.on("data", keep);
    this.#process.on("message", (answer: Answer) => this.#settle(answer));
    this.#process.on("error", (error) => this.#failAll(error.message));
    this.#process.on("exit", (code, signal) => this.#failAll(`the process ended (${signal ?? `code ${code}`})`));
  }

  get processId(): number {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error(`${this.#name}: the process did not start.`);
    return pid;
  }

  /** Calls one method. Rejects when the method throws, the process ends, or `timeoutMs` is over. */
  async call<Name extends keyof Methods & string>(
    method: Name,
    parameters: ParameterOf<Methods[Name]>,
    options: { timeoutMs?: number } = {},
  ): Promise<ResultOf<Methods[Name]>> {
    const timeoutMs = options.timeoutMs ?? 120_000;
    const id = ++this.#calls;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, { resolve: (result) => resolve(result as ResultOf<Methods[Name]>), reject });
        timer = setTimeout(() => reject(this.#failure(`"${method}" gave no answer within ${timeoutMs} ms`)), timeoutMs);
        if (!this.#process.connected) reject(this.#failure(`"${method}" was called after the process ended`));
        else this.#process.send({ id, method, parameters });
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  /** Ends the process: politely by closing the channel, and by force when it has not gone in time. */
  async end(): Promise<void> {
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    if (child.connected) child.disconnect();
    else child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), END_GRACE_MS);
    await gone;
    clearTimeout(timer);
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    if ("error" in answer) waiting?.reject(this.#failure(answer.error));
    else waiting?.resolve(answer.result);
  }

  #failAll(reason: string): void {
    for (const waiting of this.#waiting.values()) waiting.reject(this.#failure(reason));
  }

  #failure(reason: string): Error {
    const output = this.#output.trim();
    return new Error(`${this.#name}: ${reason}${output === "" ? "" : `\nIts last output:\n${output}`}`);
  }
}

/** CPU seconds (user and system) that a process and its ended children have used so far; 0 where it has gone. Linux only. */
export function cpuSecondsOf(processId: number): number {
  if (!existsSync(`/proc/${processId}/stat`)) return 0;
  const fields = statFields(processId);
  const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
  return ticks / TICKS_PER_SECOND;
}

/** Whether this machine tells the CPU time of other processes in the way `cpuSecondsOf` reads it. */
export function canReadCpuSeconds(): boolean {
  return process.platform === "linux";
}

/** The fields after the command name, which itself may hold spaces and brackets. */
function statFields(processId: number): string[] {
  const stat = readFileSync(`/proc/${processId}/stat`, "latin1");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** Bytes that this process has read and written by system calls so far, whether or not a disk was involved. Linux only. */
export function ioBytesOfThisProcess(): { read: number; written: number } {
  const text = readFileSync("/proc/self/io", "latin1");
  const count = (name: string) => Number(new RegExp(`^${name}: (\\d+)`, "m").exec(text)?.[1]);
  return { read: count("rchar"), written: count("wchar") };
}

/** CPU seconds that this process has used so far, in all its threads. */
export function cpuSecondsOfThisProcess(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}
