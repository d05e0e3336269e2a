// A RabbitMQ node of the test's own, which may be stopped and started: the machine's broker serves others too.
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "@meanwhile/store-testkit";
import { connect } from "amqplib";

const BIN = "/usr/lib/rabbitmq/bin";
const run = promisify(execFile);

/** Why there can be none; never where everything must be checked. */
export const whyNoRabbitmq =
  existsSync(`${BIN}/rabbitmq-server`) || process.env.CI === "true"
    ? undefined
    : `${BIN}/rabbitmq-server is not installed`;

export interface RabbitmqNode {
  readonly url: string;
  /** The broker ends as it does at an upgrade: connections close, what is durable stays. */
  stopApp(): Promise<void>;
  /** Resolves once it answers again. */
  startApp(): Promise<void>;
  /** Ends the node and removes its folder. */
  remove(): Promise<void>;
}

export async function startRabbitmq(): Promise<RabbitmqNode> {
  const folder = mkdtempSync(join(tmpdir(), "meanwhile-rabbitmq-"));
  const [port, distPort] = [await freePort(), await freePort()];
  writeFileSync(join(folder, "plugins"), "");
  const env = {
    ...process.env,
    HOME: folder,
    RABBITMQ_NODENAME: `meanwhile-${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distPort),
    RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
    RABBITMQ_LOG_BASE: join(folder, "log"),
    RABBITMQ_PID_FILE: join(folder, "pid"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "plugins"),
    RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq"),
    RABBITMQ_CONF_ENV_FILE: join(folder, "none"),
  };
  const url = `amqp://guest:guest@127.0.0.1:${port}`;
  spawn(`${BIN}/rabbitmq-server`, ["-detached"], { env, stdio: "ignore" });
  const control = (...args: string[]) => run(`${BIN}/rabbitmqctl`, args, { env, timeout: 60_000 });
  const answers = () =>
    until(
      () =>
        connect(url).then(
          (connection) => connection.close().then(() => true),
          () => false,
        ),
      { what: `the broker at ${url} answers`, limitMs: 90_000 },
    );
  await answers();
  return {
    url,
    stopApp: async () => void (await control("stop_app")),
    async startApp() {
      await control("start_app");
      await answers();
    },
    async remove() {
      await control("shutdown");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
