// Starts a server of this project for a check, on a free port and empty folders, and stops it again.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

// A first start in a fresh clone compiles everything; on two busy cores that takes a minute.
const READY_WITHIN_MS = 180_000;
const STOPPED_WITHIN_MS = 45_000;
const LOOK_EVERY_MS = 100;

/** A port that nobody listens on now. */
export async function findFreePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** What makes a server of this project keep to itself: its port, its data. */
export function serverEnvironment({ port, dataFolder }) {
  return {
    ...process.env,
    MEANWHILE_PORT: String(port),
    MEANWHILE_GRPC_PORT: "0",
    MEANWHILE_STORE: `sqlite:${join(dataFolder, "meanwhile.db")}`,
    MEANWHILE_FILES: join(dataFolder, "files"),
  };
}

/**
 * @param {string} command A line for bash.
 * @param {{folder: string, port?: number}} options Where it is started; the port, where it must be a certain one.
 * @returns {Promise<{url: string, output(): string, stop(): Promise<void>}>} once the server says that it is ready.
 */
export async function startServer(command, { folder, port: wanted }) {
  const port = wanted ?? (await findFreePort());
  const dataFolder = mkdtempSync(join(tmpdir(), "meanwhile-server-"));
  // A process group of its own: npm starts a shell, which starts node; the signal must reach all of them.
  const child = spawn("bash", ["-c", command], {
    cwd: folder,
    env: serverEnvironment({ port, dataFolder }),
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (output += bytes));
  const server = {
    url: `http://127.0.0.1:${port}`,
    output: () => output,
    async stop() {
      await stopGroup(child);
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
  try {
    await untilReady(server.url, child, () => output);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

async function untilReady(url, child, output) {
  const giveUpAt = Date.now() + READY_WITHIN_MS;
  while (Date.now() < giveUpAt) {
    if (child.exitCode !== null) throw new Error(`The server ended with exit code ${child.exitCode}:\n${output()}`);
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    if (answer?.ok) return;
    await wait(LOOK_EVERY_MS);
  }
  throw new Error(`The server was not ready within ${READY_WITHIN_MS} ms:\n${output()}`);
}

async function stopGroup(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  process.kill(-child.pid, "SIGTERM");
  const calm = await Promise.race([ended, wait(STOPPED_WITHIN_MS, "late", { ref: false })]);
  if (calm !== "late") return;
  process.kill(-child.pid, "SIGKILL");
  await ended;
}
