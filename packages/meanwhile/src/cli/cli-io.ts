// What a command may touch of the world: its streams, its environment, the folder it was started in, Ctrl-C.
import type { Readable } from "node:stream";

export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface CliIo {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** Results, and nothing else: what a script reads. */
  readonly stdout: OutputStream;
  /** Everything that is said to a person. */
  readonly stderr: OutputStream;
  /** Aborts at Ctrl-C or SIGTERM, where a command asks for it; otherwise those end the process as usual. */
  interruption(): { readonly signal: AbortSignal; release(): void };
  /** Tells of an error that nobody caught; afterwards the process ends. @returns takes the listener away. */
  onFault(listener: (error: unknown) => void): () => void;
}

export function printLine(stream: OutputStream, text = ""): void {
  stream.write(`${text}\n`);
}

export function printJson(stream: OutputStream, value: unknown): void {
  stream.write(`${JSON.stringify(value, null, 2)}\n`);
}
