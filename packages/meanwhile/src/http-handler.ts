// The HTTP API for a server that exists already: requests, and handshakes of WebSocket.
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { HttpServer, UpgradeListener } from "@meanwhile/server";

export interface HttpHandler extends RequestListener {
  /** Takes over WebSocket handshakes: for the event `upgrade` of the same server, where the path is the one that you chose for it. */
  readonly upgrade: UpgradeListener;
}

export function createHttpHandler({ app, upgrade }: HttpServer): HttpHandler {
  const ready = app.ready();
  const handle = (request: IncomingMessage, response: ServerResponse) =>
    void ready.then(
      () => app.routing(request, response),
      (error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  return Object.assign(handle, { upgrade });
}
