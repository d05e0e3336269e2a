// A Redis of our own: a fresh redis-server on a free port with its data in a fresh directory.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { makeDirectory } from "./directory.js";

export interface RunningRedis {
  port: number;
  processId: number;
  protocol: 2 | 3;
  end(): Promise<void>;
}

const START_LIMIT_MS = 10_000;

/** @param options.appendOnly With the append-only file, fsync every second; without it nothing reaches the disk. */
export async function startRedis(options: { command: string; appendOnly: boolean }): Promise<RunningRedis> {
  const [directory, port, protocol] = [
    await makeDirectory("redis"),
    await freePort(),
    await protocolOf(options.command),
  ];
  const persistence = options.appendOnly
    ? ["--appendonly", "yes", "--appendfsync", "everysec"]
    : ["--appendonly", "no"];
  const flags = ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory.path, "--save", "", ...persistence];
  const server = spawn(options.command, flags, { stdio: ["ignore", "pipe", "ignore"] });
  const end = async () => {
    if (server.pid !== undefined && server.exitCode === null && server.signalCode === null) {
      const gone = once(server, "exit");
      // Nothing in it is worth an orderly shutdown.
      server.kill("SIGKILL");
      await gone;
    }
    await directory.remove();
  };
  try {
    await ready(server.stdout, once(server, "exit"), once(server, "error"));
  } catch (error) {
    await end();
    throw error;
  }
  return { port, processId: server.pid ?? 0, protocol, end };
}

export async function redisVersion(command: string): Promise<string> {
  const { stdout } = await promisify(execFile)(command, ["--version"]);
  return /v=(\S+)/.exec(stdout)?.[1] ?? "unknown";
}

/** ioredis 6 speaks RESP3 unless told otherwise, which servers before 6 do not know. */
async function protocolOf(command: string): Promise<2 | 3> {
  return Number.parseInt(await redisVersion(command), 10) < 6 ? 2 : 3;
}

async function ready(output: NodeJS.ReadableStream, exit: Promise<unknown>, error: Promise<unknown>): Promise<void> {
  let text = "";
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve, reject) => {
    output.on("data", (chunk) => {
      text += String(chunk);
      if (text.includes("Ready to accept connections")) resolve();
    });
    exit.then(() => reject(new Error(`redis-server ended at once:\n${text}`)), reject);
    error.then((reason) => reject(new Error(`redis-server did not start: ${String(reason)}`)), reject);
    timer = setTimeout(() => reject(new Error(`redis-server was not ready in ${START_LIMIT_MS} ms`)), START_LIMIT_MS);
  }).finally(() => clearTimeout(timer));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("The system gave no free port.");
  return address.port;
}
