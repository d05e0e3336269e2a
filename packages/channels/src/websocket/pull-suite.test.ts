// The promises of a pull channel, kept by the JSON dialect of WebSocket, with the client of `ws`.

import { WebSocket } from "ws";
import { startPullSockets } from "../testing/pull-sockets.js";
import type { PullClient, PullEnd } from "../testkit/pull-suite.js";
import { describePullChannel } from "../testkit/pull-suite.js";

describePullChannel("WebSocket", async (service) => {
  const { url, drain } = await startPullSockets(service);
  return {
    drain,
    follow(jobId, { owner, after }) {
      const socket = new WebSocket(url, { headers: { authorization: owner } });
      return readFollow(socket, JSON.stringify({ op: "follow", jobId, after }));
    },
  };
});

function readFollow(socket: WebSocket, wish: string): PullClient {
  const events: { seq: number; type: string }[] = [];
  const ended = new Promise<PullEnd>((resolve) => {
    socket.on("open", () => socket.send(wish));
    socket.on("message", (data) => {
      const { op, event, problem } = JSON.parse(String(data));
      if (op === "event") events.push(event);
      if (op === "end") resolve({ kind: "finished" });
      if (op === "error") resolve(problem.status === 503 ? { kind: "lost" } : { kind: "refused", code: problem.code });
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve({ kind: "lost" }));
  });
  return {
    events,
    ended,
    stall: () => socket.pause(),
    read: () => socket.resume(),
    cut: () => socket.terminate(),
  };
}
