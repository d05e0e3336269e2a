// Opens connections to addresses that were checked, and to no others.
//
// Stages, and what each makes sure of:
//   1. look up   every address of the host is allowed, also where the host is an address itself; DNS is asked once
//   2. connect   TCP to one of these addresses: nobody asks DNS again
//   3. compare   the socket ended up at one of them; not a byte was written so far
//   4. TLS       inside of that socket, for the host's own name
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Clock } from "@meanwhile/core";
import type { buildConnector } from "undici";
import { unlessAborted } from "../unless-aborted.js";
import type { TargetGuard } from "./target-guard.js";

export interface GuardedConnectOptions {
  readonly guard: TargetGuard;
  readonly clock: Clock;
  /** For all stages together, in milliseconds. */
  readonly withinMs: number;
  /** Certificates that are trusted instead of the usual ones, as PEM. */
  readonly ca?: string | readonly string[] | undefined;
  /** Default: TCP of this machine. */
  readonly openSocket?: OpenSocket;
}

/** Begins to connect to one of the addresses. */
export type OpenSocket = (target: { host: string; port: number; addresses: readonly string[] }) => Socket;

export interface GuardedConnect {
  readonly connect: buildConnector.connector;
  /** Gives up the connections to this origin that are not there yet; all of them where none is named. */
  abandon(origin?: string): void;
}

/** The connection was not there in time. */
export class ConnectTimeout extends Error {
  override readonly name = "ConnectTimeout";
}

export function createGuardedConnect(options: GuardedConnectOptions): GuardedConnect {
  const { clock, withinMs } = options;
  const under = new Map<AbortController, string>();
  const attempt = async (wanted: buildConnector.Options): Promise<Socket> => {
    const controller = new AbortController();
    under.set(controller, originOf(wanted));
    const late = () => controller.abort(new ConnectTimeout(`No connection within ${withinMs} ms.`));
    const disarm = clock.after(withinMs, late);
    try {
      return await establish(wanted, { ...options, signal: controller.signal });
    } finally {
      disarm();
      under.delete(controller);
    }
  };

  return {
    connect(wanted, callback) {
      attempt(wanted).then(
        (socket) => callback(null, socket),
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
      );
    },
    abandon(origin) {
      for (const [controller, each] of under) {
        if (origin === undefined || each === origin)
          controller.abort(new Error("The connection is not needed any more."));
      }
    },
  };
}

function originOf({ protocol, host = "" }: buildConnector.Options): string {
  return `${protocol}//${host}`;
}

interface Establishing extends GuardedConnectOptions {
  readonly signal: AbortSignal;
}

async function establish(wanted: buildConnector.Options, parts: Establishing): Promise<Socket> {
  const { guard, ca, signal, openSocket = openTcp } = parts;
  const host = wanted.hostname.replace(/\.+$/, "");
  const port = Number(wanted.port || (wanted.protocol === "https:" ? 443 : 80));
  const addresses = await unlessAborted(guard.requireAddresses(host), signal);
  let socket = openSocket({ host, port, addresses });
  const kill = () => void socket.destroy(signal.reason as Error);
  signal.addEventListener("abort", kill, { once: true });
  try {
    await happened("connect", socket);
    guard.requireOneOf(addresses, socket.remoteAddress);
    socket.setNoDelay(true);
    if (wanted.protocol === "https:") {
      socket = secure(socket, { host, ca });
      await happened("secureConnect", socket);
    }
    return socket;
  } catch (error) {
    socket.destroy();
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

function secure(socket: Socket, { host, ca }: { host: string } & Pick<GuardedConnectOptions, "ca">): Socket {
  return connectTls({
    socket,
    host,
    // An address has no name to ask for in the handshake; its certificate must name the address.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ALPNProtocols: ["http/1.1"],
    ...(ca === undefined ? {} : { ca: [ca].flat() as string[] }),
  });
}

function happened(event: "connect" | "secureConnect", socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, resolve);
    // Stays: an error after the connection is there must not end the process before somebody else listens.
    socket.on("error", reject);
    socket.once("close", () => reject(new Error("The connection was closed at once.")));
  });
}

/** Where there are several addresses, Node tries them by and by until one answers (RFC 8305). */
const openTcp: OpenSocket = ({ host, port, addresses }) =>
  connectTcp({
    host,
    port,
    autoSelectFamily: true,
    // Asked for names only: an address that is a host is connected to as it stands, and is the one that was checked.
    lookup: (_hostname, _options, answer) => {
      answer(
        null,
        addresses.map((address) => ({ address, family: isIP(address) })),
      );
    },
  });
