// STOMP by `@stomp/stompjs`: reconnects by itself, subscribes again behind its last event, and acknowledges each one.
import { isTerminal, type JobEvent } from "@meanwhile/protocol";
import { Client } from "@stomp/stompjs";
import { WebSocket } from "ws";
import type { Reader } from "./reader.js";

export const readByStomp: Reader = ({ http, jobId, after, note, signal }) =>
  new Promise((resolve, reject) => {
    let last = after;
    let over = false;
    const client = new Client({
      webSocketFactory: () => new WebSocket(`ws://${http}/websocket`, ["v12.stomp"]),
      reconnectDelay: 100,
      // Notices a connection that is dead and was never cut.
      heartbeatIncoming: 2_000,
      heartbeatOutgoing: 2_000,
      onConnect() {
        client.subscribe(
          `/topic/jobs/${jobId}`,
          (message) => {
            if (signal.aborted || over) return;
            const event = JSON.parse(message.body) as JobEvent;
            note(event);
            last = event.seq;
            message.ack();
            if (isTerminal(event.status)) end();
          },
          { after: String(last), ack: "client-individual", id: "events" },
        );
      },
      onStompError({ headers, body }) {
        const text = `${headers.message} ${body}`;
        // The server goes away: the connection ends, and the client comes back by itself.
        if (/shutting_down|store_unavailable/.test(text)) return;
        over = true;
        reject(new Error(`The server said ERROR: ${text}`));
        void client.deactivate();
      },
    });
    const end = () => {
      over = true;
      void client.deactivate().then(resolve, reject);
    };
    signal.addEventListener("abort", end, { once: true });
    client.activate();
  });
