// The socket under the gRPC server: bound by ourselves, because grpc-js prints why it could not, and keeps the error's code to itself.
import { type AddressInfo, createServer, isIPv6 } from "node:net";
import type { Server, ServerCredentials } from "@grpc/grpc-js";

export interface Listener {
  /** @returns the address, for instance `127.0.0.1:8081`. @throws the error of Node, with its code. */
  listen(place: { port: number; host: string }): Promise<string>;
  /** Tells every connection to go elsewhere (GOAWAY): calls under way end, new ones are refused on it. */
  retire(graceMs: number): void;
  /** Takes no new connections; resolves when the last one has ended, or at once where nobody listened. */
  close(): Promise<void>;
}

export function createListener(server: Server, credentials: ServerCredentials): Listener {
  const injector = server.createConnectionInjector(credentials);
  // Small messages must not wait for others to travel with.
  const sockets = createServer({ noDelay: true }, (socket) => injector.injectConnection(socket));
  return {
    listen({ port, host }) {
      return new Promise((resolve, reject) => {
        sockets.once("error", reject);
        sockets.listen({ port, host }, () => {
          sockets.removeListener("error", reject);
          const bound = sockets.address() as AddressInfo;
          resolve(`${isIPv6(bound.address) ? `[${bound.address}]` : bound.address}:${bound.port}`);
        });
      });
    },
    retire: (graceMs) => injector.drain(graceMs),
    close: () => new Promise((resolve) => sockets.close(() => resolve())),
  };
}
