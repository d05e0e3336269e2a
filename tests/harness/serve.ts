// `meanwhile serve` and `meanwhile worker` as real processes, with the jobs of the tests.
import { join } from "node:path";
import { Api } from "./api.js";
import type { Host } from "./hosts.js";
import { type Program, startProgram, within } from "./process.js";
import type { TestStore } from "./stores.js";

export interface ServeOptions {
  /** Of tests/program. Default: `serve`, the command line's own. */
  program?: "serve" | "impatient-server" | "soak-server";
  /** Where its data is; processes with the same folder and store share files and jobs. */
  folder: string;
  /** Default: a SQLite file in the folder. */
  store?: TestStore;
  /** The host that it runs on. An API there needs a key. Default: this one, on loopback. */
  host?: Host;
  role?: "all" | "api" | "worker";
  /** Default: 3 000. */
  leaseMs?: number;
  /** Default: 5 000. */
  shutdownGraceMs?: number;
  /** Default: 0. */
  drainDelayMs?: number;
  /** Whether it serves gRPC too, on any port. Default: false, so that processes side by side do not want the same one. */
  grpc?: boolean;
  /** The only key that opens it, `mw_` and at least 40 characters. Default: none; every caller is let in. */
  apiKey?: string;
  env?: Readonly<Record<string, string>>;
}

export interface Served extends Program {
  /** A caller of its API; only where it serves one. */
  readonly api: Api;
  /** `undefined` where it serves no API. */
  readonly httpPort: number | undefined;
  /** `undefined` where it serves no gRPC. */
  readonly grpcPort: number | undefined;
}

/** Resolves when it is ready. @throws Error with its output where it ends instead. */
export async function serve(options: ServeOptions): Promise<Served> {
  const { folder, role = "all", leaseMs = 3_000, grpc = false, host } = options;
  const storeUrl = options.store?.url ?? `sqlite:${join(folder, "meanwhile.db")}`;
  const program = startProgram(options.program ?? "serve", {
    args: ["--role", role, "--port", "0", ...(host === undefined ? [] : ["--host", host.address])],
    ...(host === undefined ? {} : { through: host.command }),
    env: {
      MEANWHILE_STORE: host === undefined ? storeUrl : host.databaseUrl(storeUrl),
      MEANWHILE_FILES: join(folder, "files"),
      MEANWHILE_LEASE_MS: String(leaseMs),
      MEANWHILE_SHUTDOWN_GRACE_MS: String(options.shutdownGraceMs ?? 5_000),
      MEANWHILE_DRAIN_DELAY_MS: String(options.drainDelayMs ?? 0),
      MEANWHILE_GRPC_PORT: grpc ? "0" : "off",
      ...(options.apiKey === undefined ? {} : { MEANWHILE_API_KEYS: `tests:${options.apiKey}` }),
      ...options.env,
    },
    ready: role === "worker" ? /meanwhile: worker on/ : /meanwhile: API (http:\/\/[^/]+)\/.*\n/,
  });
  const address = await within(program.ready, 60_000, () => `the server to be ready; it printed:\n${program.output()}`);
  if (address === undefined) throw new Error(`The server ended before it was ready:\n${program.output()}`);
  return {
    ...program,
    api: new Api(address, { token: options.apiKey }),
    httpPort: address === "" ? undefined : Number(new URL(address).port),
    grpcPort: portIn(/meanwhile: API .* gRPC \S+:(\d+)\n/.exec(program.output())),
  };
}

function portIn(found: RegExpExecArray | null): number | undefined {
  return found === null ? undefined : Number(found[1]);
}
