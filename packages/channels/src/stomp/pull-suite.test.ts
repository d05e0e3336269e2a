// The promises of a pull channel, kept by STOMP, with the client @stomp/stompjs.
import { Client } from "@stomp/stompjs";
import { WebSocket } from "ws";
import { startPullSockets } from "../testing/pull-sockets.js";
import { describePullChannel, type PullEnd } from "../testkit/pull-suite.js";

describePullChannel("STOMP", async (service) => {
  const { url, drain } = await startPullSockets(service);
  return {
    drain,
    follow(jobId, { owner, after }) {
      const events: { seq: number; type: string }[] = [];
      const socket = new WebSocket(url, ["v12.stomp"]);
      const ended = new Promise<PullEnd>((resolve) => {
        // STOMP says nothing about a job that is over and wholly known; who has it all asks for the job itself.
        service.engine.get(jobId, { principal: service.principalOf(owner) }).then(
          ({ status, lastSeq }) => {
            if (status === "COMPLETED" && lastSeq === after) resolve({ kind: "finished" });
          },
          () => {},
        );
        const client = new Client({
          webSocketFactory: () => socket,
          reconnectDelay: 0,
          connectHeaders: { Authorization: owner },
          onConnect() {
            client.subscribe(
              `/topic/jobs/${jobId}`,
              ({ body }) => {
                const event = JSON.parse(body);
                events.push(event);
                if (event.type === "job.completed") resolve({ kind: "finished" });
              },
              { after: String(after) },
            );
          },
          onStompError: ({ body }) => {
            const { code, status } = JSON.parse(body);
            resolve(status === 503 ? { kind: "lost" } : { kind: "refused", code });
          },
          onWebSocketClose: () => resolve({ kind: "lost" }),
        });
        client.activate();
      });
      return {
        events,
        ended,
        stall: () => socket.pause(),
        read: () => socket.resume(),
        cut: () => socket.terminate(),
      };
    },
  };
});
