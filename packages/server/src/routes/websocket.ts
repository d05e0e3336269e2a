// GET /websocket without a handshake: says what it takes. The handshake itself never comes here (see upgrades.ts).
import { ref } from "../openapi/refs.js";
import { HttpRefusal } from "../problem.js";
import type { Route } from "../route.js";
import { WEBSOCKET_PATH } from "../upgrades.js";

export function webSocketRoutes(): Route[] {
  return [
    {
      method: "GET",
      path: WEBSOCKET_PATH,
      access: "open",
      query: {
        ticket: {
          schema: { type: "string" },
          description: "Of one job or of the stream, for browsers, which cannot send `Authorization`.",
        },
      },
      document: {
        operationId: "openWebSocket",
        summary: "Open a WebSocket connection",
        description:
          "Submits, follows and cancels over one connection. Subprotocols: `meanwhile.v2` (JSON, also when none is offered), `v12.stomp`, `v11.stomp`, `v10.stomp`. Credentials: `Authorization`, `ticket`, or the first message.",
        tag: "Following",
        responses: {
          "101": { description: "The connection speaks WebSocket from now on." },
          "426": {
            description: "The request was no WebSocket handshake.",
            content: { "application/problem+json": ref("Problem") },
          },
        },
      },
      handle() {
        const message = "This is a WebSocket endpoint: connect with a WebSocket client.";
        throw new HttpRefusal(426, message, { upgrade: "websocket", connection: "upgrade" });
      },
    },
  ];
}
