// One bash in which the blocks of a page are typed one after the other: variables live on between them.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";

/** @param {{folder: string, environment: NodeJS.ProcessEnv, blockWithinMs: number}} options */
export function openShell({ folder, environment, blockWithinMs }) {
  const bash = spawn("bash", ["--norc"], {
    cwd: folder,
    env: environment,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const mark = `end-of-block-${randomUUID()}`;
  let printed = "";
  let said = "";
  let heard = () => {};
  bash.stdout.on("data", (bytes) => {
    printed += bytes;
    heard();
  });
  bash.stderr.on("data", (bytes) => (said += bytes));

  const untilMark = () =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not done within ${blockWithinMs} ms`)), blockWithinMs);
      bash.once("exit", () => reject(new Error("the shell ended")));
      heard = () => {
        const end = new RegExp(`${mark} (\\d+)\\n`).exec(printed);
        if (end === null) return;
        clearTimeout(timer);
        resolve({ printed: printed.slice(0, end.index), exitCode: Number(end[1]) });
      };
      heard();
    });

  return {
    /** @returns {Promise<{printed: string, said: string, exitCode: number}>} Every line of a block must succeed. */
    async run(code) {
      printed = "";
      said = "";
      // `set -e` would end the shell itself; a trap keeps the first failure and lets the mark be printed.
      bash.stdin.write(`failed=0; trap 'failed=$?' ERR\n${code}\ntrap - ERR; printf '%s %s\\n' '${mark}' "$failed"\n`);
      const { printed: out, exitCode } = await untilMark();
      return { printed: out, said, exitCode };
    },
    async close() {
      if (bash.exitCode !== null) return;
      const ended = once(bash, "exit");
      process.kill(-bash.pid, "SIGKILL");
      await ended;
    },
  };
}
