// Our own client, by the transport that is named: it promises every event once, in order, whatever happens.
import { createClient, type TransportName, type WebSocketConstructor } from "@meanwhile/client";
import { WebSocket } from "ws";
import type { Reader } from "./reader.js";

export const readByClient =
  (transport: "auto" | TransportName): Reader =>
  async ({ http, jobId, after, note, signal }) => {
    const client = createClient({
      baseUrl: `http://${http}`,
      transport,
      webSocket: WebSocket as unknown as WebSocketConstructor,
      retry: { initialDelayMs: 50, maxDelayMs: 500 },
      follow: { stepUpAfterMs: 1_000, silenceMs: 20_000 },
    });
    try {
      for await (const event of client.job(jobId).events({ after, signal })) {
        if (signal.aborted) return;
        note(event);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  };
