// Every setting in one table: flags, environment, help texts, documentation and checks derive from it.
import { type AnyJobDefinition, ConfigurationError } from "@meanwhile/core";
import { LIMITS } from "@meanwhile/protocol";
import {
  bytes,
  flag,
  httpUrl,
  list,
  ms,
  msList,
  oneOf,
  origins,
  port,
  portOrOff,
  type Setting,
  text,
} from "./setting.js";

export const ROLES = ["all", "api", "worker"] as const;
export type Role = (typeof ROLES)[number];

export const PROCESS_LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type ProcessLogLevel = (typeof PROCESS_LOG_LEVELS)[number];

const setting = <T>(given: Omit<Setting<T>, "inFile"> & { inFile?: boolean }): Setting<T> => ({
  inFile: true,
  ...given,
});

export const SETTINGS = {
  jobs: setting<readonly (string | AnyJobDefinition)[]>({
    doc: "Modules that export job definitions: paths or patterns such as ./jobs/*.ts.",
    flag: "jobs",
    placeholder: "module...",
    defaultText: "none",
    defaultValue: [],
    read: readJobs,
  }),
  role: setting<Role>({
    doc: "What this process does: the API, the work, or both.",
    env: "MEANWHILE_ROLE",
    flag: "role",
    placeholder: ROLES.join("|"),
    defaultText: "all",
    defaultValue: "all",
    read: oneOf(ROLES),
  }),
  port: setting<number>({
    doc: "Port of the API; 0 takes any that is free. PORT is read where MEANWHILE_PORT is not set.",
    env: "MEANWHILE_PORT",
    otherEnv: "PORT",
    flag: "port",
    placeholder: "number",
    defaultText: "8080",
    defaultValue: 8080,
    read: port,
  }),
  host: setting<string>({
    doc: "Address to listen on. Anything but loopback needs an API key.",
    env: "MEANWHILE_HOST",
    flag: "host",
    placeholder: "address",
    defaultText: "127.0.0.1",
    defaultValue: "127.0.0.1",
    read: text,
  }),
  grpcPort: setting<number | "off">({
    doc: 'Port of the gRPC service; 0 takes any that is free, "off" serves none. Where it was not chosen and 8081 is taken, none is served.',
    env: "MEANWHILE_GRPC_PORT",
    flag: "grpc-port",
    placeholder: "number|off",
    defaultText: "8081",
    defaultValue: 8081,
    read: portOrOff,
  }),
  store: setting<string>({
    doc: "Where jobs are kept: sqlite:<path>, postgres://user:password@host/database, or memory: (lost when the process ends).",
    env: "MEANWHILE_STORE",
    flag: "store",
    placeholder: "url",
    defaultText: "sqlite:./data/meanwhile.db",
    defaultValue: "sqlite:./data/meanwhile.db",
    read: text,
  }),
  files: setting<string>({
    doc: "Folder that keeps the bytes of files.",
    env: "MEANWHILE_FILES",
    flag: "files",
    placeholder: "folder",
    defaultText: "./data/files",
    defaultValue: "./data/files",
    read: text,
  }),
  maxFileBytes: setting<number>({
    doc: "Largest file that is taken, in bytes.",
    env: "MEANWHILE_MAX_FILE_BYTES",
    flag: "max-file-bytes",
    placeholder: "number",
    defaultText: "1073741824 (1 GiB)",
    defaultValue: LIMITS.fileBytes,
    read: bytes,
  }),
  // As text: only the server, which a command need not load, knows what it means (process/configured-keys.ts).
  apiKeys: setting<string>({
    doc: "API keys beside those in the store: owner:mw_secret[:scope+scope...], comma-separated.",
    env: "MEANWHILE_API_KEYS",
    defaultText: "none",
    defaultValue: "",
    read: text,
  }),
  publicUrl: setting<string | undefined>({
    doc: "How the outside reaches the API, for absolute links.",
    env: "MEANWHILE_PUBLIC_URL",
    flag: "public-url",
    placeholder: "url",
    defaultText: "none: links are relative",
    defaultValue: undefined,
    read: httpUrl,
  }),
  allowedOrigins: setting<readonly string[]>({
    doc: "Origins of other sites whose pages may call from a browser, comma-separated, such as https://app.example.com.",
    env: "MEANWHILE_ALLOWED_ORIGINS",
    flag: "allowed-origins",
    placeholder: "list",
    defaultText: "none",
    defaultValue: [],
    read: origins,
  }),
  // As texts: only the channel, which a command need not load, knows what they mean (process/configured-webhooks.ts).
  allowPrivateTargets: setting<readonly string[]>({
    doc: "Where webhooks may go although it is private, for development: hosts, addresses and networks, comma-separated.",
    env: "MEANWHILE_ALLOW_PRIVATE_TARGETS",
    flag: "allow-private-targets",
    placeholder: "list",
    defaultText: "none",
    defaultValue: [],
    read: list,
  }),
  requireHttpsTargets: setting<boolean>({
    doc: "Whether webhooks go to https addresses only: true or false.",
    env: "MEANWHILE_REQUIRE_HTTPS_TARGETS",
    defaultText: "false",
    defaultValue: false,
    read: flag,
  }),
  webhookScheduleMs: setting<readonly number[] | undefined>({
    doc: "Waits before the second, third ... attempt of a webhook, in milliseconds, comma-separated.",
    env: "MEANWHILE_WEBHOOK_SCHEDULE_MS",
    defaultText: "5 s, 30 s, 2 min, 10 min, 1 h, 3 h, 8 h, 24 h",
    defaultValue: undefined,
    read: msList,
  }),
  // As texts: only the channel, which a command need not load, knows what they mean (process/configured-amqp.ts).
  amqpUrl: setting<string | undefined>({
    doc: "The RabbitMQ broker that is told every event and that jobs are taken from, such as amqp://user:password@127.0.0.1:5672/vhost. The same for all processes of one store.",
    env: "MEANWHILE_AMQP_URL",
    flag: "amqp-url",
    placeholder: "url",
    defaultText: "none",
    defaultValue: undefined,
    read: text,
  }),
  amqpOwner: setting<string>({
    doc: "Whose the jobs are that come by queue.",
    env: "MEANWHILE_AMQP_OWNER",
    flag: "amqp-owner",
    placeholder: "name",
    defaultText: "local",
    defaultValue: "local",
    read: text,
  }),
  amqpPrefix: setting<string>({
    doc: "What the names of all exchanges and queues begin with.",
    env: "MEANWHILE_AMQP_PREFIX",
    flag: "amqp-prefix",
    placeholder: "text",
    defaultText: "meanwhile",
    defaultValue: "meanwhile",
    read: text,
  }),
  leaseMs: setting<number>({
    doc: "How long a worker may be silent before its job goes to another, in milliseconds; it gives a sign of life every third of it.",
    env: "MEANWHILE_LEASE_MS",
    flag: "lease-ms",
    placeholder: "number",
    defaultText: "15000",
    defaultValue: 15_000,
    read: ms(1),
  }),
  shutdownGraceMs: setting<number>({
    doc: "How long running attempts may go on after SIGTERM before they are handed back, in milliseconds.",
    env: "MEANWHILE_SHUTDOWN_GRACE_MS",
    flag: "shutdown-grace-ms",
    placeholder: "number",
    defaultText: "30000",
    defaultValue: 30_000,
    read: ms(0),
  }),
  drainDelayMs: setting<number>({
    doc: "How long the API serves on after SIGTERM while /readyz answers 503, in milliseconds: time for a balancer to notice.",
    env: "MEANWHILE_DRAIN_DELAY_MS",
    flag: "drain-delay-ms",
    placeholder: "number",
    defaultText: "0",
    defaultValue: 0,
    read: ms(0),
  }),
  logLevel: setting<ProcessLogLevel>({
    doc: "Least important lines that are written; debug also shows where an error came from.",
    env: "MEANWHILE_LOG_LEVEL",
    flag: "log-level",
    placeholder: PROCESS_LOG_LEVELS.join("|"),
    defaultText: "info",
    defaultValue: "info",
    read: oneOf(PROCESS_LOG_LEVELS),
  }),
  url: setting<string | undefined>({
    doc: "The server that the commands talk to.",
    env: "MEANWHILE_URL",
    flag: "url",
    placeholder: "url",
    defaultText: "http://127.0.0.1 and the port",
    defaultValue: undefined,
    inFile: false,
    read: httpUrl,
  }),
  token: setting<string | undefined>({
    doc: "API key that the commands send.",
    env: "MEANWHILE_TOKEN",
    defaultText: "none",
    defaultValue: undefined,
    inFile: false,
    read: text,
  }),
} as const;

export type SettingName = keyof typeof SETTINGS;

export type Settings = { readonly [Name in SettingName]: ReturnType<(typeof SETTINGS)[Name]["read"]> };

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** The setting as the general interface sees it. */
export function settingOf(name: SettingName): Setting<unknown> {
  return SETTINGS[name];
}

function readJobs(value: unknown, at: string): readonly (string | AnyJobDefinition)[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.map((item) => {
    if (typeof item === "string" && item !== "") return item;
    if (isDefinition(item)) return item;
    throw new ConfigurationError(
      `${at} must be paths or patterns such as "./jobs/*.ts", or definitions made by defineJob; got ${JSON.stringify(item)}.`,
    );
  });
}

/** Whether the value is what `defineJob` returns. */
export function isDefinition(value: unknown): value is AnyJobDefinition {
  if (typeof value !== "object" || value === null) return false;
  const candidate = value as Partial<AnyJobDefinition>;
  // `retentionMs` and `retry.jitter` are resolved there: options that were never given to defineJob lack them.
  return (
    typeof candidate.type === "string" &&
    typeof candidate.run === "function" &&
    typeof candidate.retentionMs === "number" &&
    typeof candidate.retry?.jitter === "string"
  );
}
