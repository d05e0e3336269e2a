// The WebSocket channel on a real server, for the pull suite; `Authorization` is the owner's bare name.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AppError, silentLogger } from "@meanwhile/core";
import { onTestFinished } from "vitest";
import { createSocketChannel } from "../socket/socket-channel.js";
import type { PullService } from "../testkit/pull-service.js";

export async function startPullSockets(service: PullService): Promise<{ url: string; drain(): void }> {
  const { engine, clock, ids } = service;
  const channel = createSocketChannel({
    ...{ engine, clock, ids, logger: silentLogger, linkBase: "" },
    admit() {},
    authenticate(authorization) {
      if (authorization === "acme" || authorization === "shop") return service.principalOf(authorization);
      throw new AppError("unauthenticated", { message: "Say who you are." });
    },
    redeemTicket: async () => ({ principal: service.principalOf("acme") }),
    watchCredential: () => () => {},
    isDraining: () => false,
  });
  const server = createServer();
  server.on("upgrade", channel.upgrade);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    await channel.close();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `ws://127.0.0.1:${port}/websocket`, drain: () => channel.drain() };
}
