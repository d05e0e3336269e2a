// The real world behind the commands: this process's streams, environment and signals.
import type { CliIo } from "./cli-io.js";
import { EXIT_CODES } from "./exit-codes.js";

const ENDING_SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Under `npm start` one Ctrl-C comes twice: from the terminal, and again from npm, which passes it on. Nobody presses
 * twice within this time and means it.
 */
const SAME_MOMENT_MS = 500;

export function processIo(): CliIo {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // The reader of the pipe has seen enough (`meanwhile list | head`): a normal end.
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  }
  return {
    env: process.env,
    cwd: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    onFault(listener) {
      const report = (error: unknown) => {
        listener(error);
        process.exit(EXIT_CODES.internal.code);
      };
      // Rejections that nobody handled come here too.
      process.on("uncaughtException", report);
      return () => void process.off("uncaughtException", report);
    },
    interruption() {
      const controller = new AbortController();
      let firstAt = 0;
      const listeners = Object.entries(ENDING_SIGNALS).map(([name, exitCode]) => {
        const listener = () => {
          const now = performance.now();
          if (controller.signal.aborted) {
            if (now - firstAt > SAME_MOMENT_MS) process.exit(exitCode);
            return;
          }
          firstAt = now;
          controller.abort(new Error(`The process received ${name}.`));
        };
        process.on(name, listener);
        return () => process.off(name, listener);
      });
      return {
        signal: controller.signal,
        release: () => {
          for (const remove of listeners) remove();
        },
      };
    },
  };
}
