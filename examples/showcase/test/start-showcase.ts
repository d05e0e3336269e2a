// Starts the built showcase as a real process in a folder of its own.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const LIMIT_MS = 20_000;

export interface Showcase {
  /** Everything that it printed by the time it was ready. */
  readonly output: string;
  /** @returns the exit code. */
  stop(): Promise<number | null>;
}

export interface StartOptions {
  folder: string;
  /** What it prints last at its start. */
  ready: RegExp;
  env?: NodeJS.ProcessEnv;
}

export async function startShowcase({ folder, ready, env = {} }: StartOptions): Promise<Showcase> {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is not built. Run: npm run build`);
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith("MEANWHILE_") && name !== "PORT");
  const child = spawn(process.execPath, [MAIN], {
    cwd: folder,
    env: { ...Object.fromEntries(others), MEANWHILE_PORT: "0", MEANWHILE_GRPC_PORT: "0", NODE_OPTIONS: "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  let output = "";
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (what: string) => reject(new Error(`${what}\n${output}`));
      timer = setTimeout(() => fail(`It was not ready within ${LIMIT_MS} ms:`), LIMIT_MS);
      closed.then((code) => fail(`It ended with ${code} before it was ready:`), reject);
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => {
          output += text;
          if (ready.test(output)) resolve();
        });
      }
    });
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return {
    output,
    stop() {
      child.kill("SIGTERM");
      return closed;
    },
  };
}
