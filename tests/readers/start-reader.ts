// A reader at work behind proxies of its own, and what it has seen so far.
import { isTerminal } from "@meanwhile/protocol";
import { until } from "@meanwhile/store-testkit";
import type { TcpProxy } from "../harness/proxy.js";
import type { SteadyServer } from "../harness/steady-server.js";
import type { Reader, Seen } from "./reader.js";

export interface Reads {
  readonly seen: readonly Seen[];
  readonly seqs: readonly number[];
  /** Its ways to the server. */
  readonly http: TcpProxy;
  readonly grpc: TcpProxy;
  /** Waits until it has seen this `seq`. */
  reached(seq: number): Promise<void>;
  /** Waits until it has ended by itself. @throws what it throws; Error where it takes too long. */
  over(options?: { withinMs?: number }): Promise<void>;
  stop(): void;
}

export interface StartReaderOptions {
  server: SteadyServer;
  jobId: string;
  /** Default: 0. */
  after?: number;
}

export async function startReader(reader: Reader, { server, jobId, after = 0 }: StartReaderOptions): Promise<Reads> {
  const http = await server.proxy("http");
  const grpc = await server.proxy("grpc");
  const seen: Seen[] = [];
  const leaving = new AbortController();
  let end: { fault?: unknown } | undefined;
  const reading = { jobId, after, signal: leaving.signal, note: (event: Seen) => void seen.push(event) };
  const ways = { http: `127.0.0.1:${http.port}`, grpc: `127.0.0.1:${grpc.port}` };
  reader({ ...reading, ...ways }).then(
    () => {
      end = {};
    },
    (fault: unknown) => {
      end = { fault };
    },
  );
  const lookForFault = () => {
    if (end?.fault !== undefined) throw end.fault;
    return end !== undefined;
  };
  const last = () => seen.at(-1);
  return {
    seen,
    get seqs() {
      return seen.map(({ seq }) => seq);
    },
    http,
    grpc,
    async reached(seq) {
      const isThere = () => (last()?.seq ?? 0) >= seq || lookForFault();
      await until(isThere, { what: `the reader has seen ${seq}`, limitMs: 15_000 });
    },
    async over({ withinMs = 30_000 } = {}) {
      await until(lookForFault, { what: "the reader is over", limitMs: withinMs }).catch((error: unknown) => {
        throw new Error(`It has seen ${seen.length} events, the last of them ${last()?.seq}.`, { cause: error });
      });
      const status = last()?.status;
      if (status === undefined || !isTerminal(status))
        throw new Error(`The reader ended at ${last()?.seq}, ${status}.`);
    },
    stop: () => leaving.abort(),
  };
}

/** 1, 2, 3 … up to the number; or from another one on. */
export function upTo(last: number, { from = 1 } = {}): readonly number[] {
  return Array.from({ length: last - from + 1 }, (_, index) => from + index);
}
