// The WebSocket channel as this server runs it: its credentials, its tickets, its origins.
import { createSocketChannel, type SocketAccess, type SocketChannel } from "@meanwhile/channels";
import { AppError, LOCAL_PRINCIPAL } from "@meanwhile/core";
import { refuseForeignPages } from "./auth/browser-guard.js";
import { isAllowedOrigin } from "./auth/origin.js";
import type { ServerContext } from "./context.js";

type SocketsContext = Pick<
  ServerContext,
  "engine" | "clock" | "ids" | "logger" | "options" | "authenticator" | "tickets" | "liveCredentials" | "isDraining"
>;

export function createSockets(context: SocketsContext): SocketChannel {
  const { engine, clock, ids, logger, options, authenticator, tickets, liveCredentials, isDraining } = context;
  return createSocketChannel(
    {
      engine,
      clock,
      ids,
      logger,
      linkBase: options.linkBase,
      isDraining,
      authenticate: (authorization) => authenticator.authenticate(authorization),
      watchCredential: (principal, onEnd) => liveCredentials.watch(principal, onEnd),
      async redeemTicket(ticket): Promise<SocketAccess> {
        // A server that asks for no credentials asks for no ticket either.
        if (!(await authenticator.isClosed())) return { principal: LOCAL_PRINCIPAL };
        const { principal, scope } = await tickets.open(ticket);
        return scope === "stream" ? { principal } : { principal, jobId: scope.jobId };
      },
      async admit(request) {
        if (!(await authenticator.isClosed())) return refuseForeignPages(request, options);
        const { origin, host = "" } = request.headers;
        if (origin === undefined || isAllowedOrigin(origin, host, options)) return;
        throw new AppError("forbidden", {
          message:
            "Pages of other sites may not connect here. List their origin in allowedOrigins, or MEANWHILE_ALLOWED_ORIGINS.",
        });
      },
    },
    { connectionsPerOwner: options.socketsPerOwner, followsPerConnection: options.followsPerSocket },
  );
}
