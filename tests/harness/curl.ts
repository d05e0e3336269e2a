// curl as a user starts it, and what it has shown so far.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { until } from "@meanwhile/store-testkit";

export interface Curl {
  output(): string;
  /** Waits until this stands in its output. */
  shows(text: string): Promise<void>;
  /** Its exit code. */
  readonly exited: Promise<number | null>;
}

export function startCurl(...args: readonly string[]): Curl {
  const child = spawn("curl", ["--no-progress-meter", "--no-buffer", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  return {
    output: () => output,
    async shows(text) {
      await until(() => output.includes(text), { what: `curl shows ${JSON.stringify(text)}` });
    },
    exited: once(child, "close").then(([code]) => code as number | null),
  };
}
