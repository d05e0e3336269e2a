// The JSON dialect by `ws`: follows from where it was, in a new connection whenever one ends.
import type { JobEvent, Problem } from "@meanwhile/protocol";
import { WebSocket } from "ws";
import { pause, type Reader, type Reading } from "./reader.js";

export const readByWebSocket: Reader = async (reading) => {
  const cursor = { after: reading.after };
  while (!reading.signal.aborted) {
    if ((await connectOnce(reading, cursor)) === "end") return;
    await pause(100, reading.signal);
  }
};

/** One object of the dialect, as far as it matters here. */
interface Said {
  readonly op: string;
  readonly event: JobEvent;
  readonly problem: Problem;
}

/** The server goes away, or its store is away: the connection may stay, and there is no use in it. */
const PASSING = ["shutting_down", "store_unavailable"];

function connectOnce({ http, jobId, note, signal }: Reading, cursor: { after: number }): Promise<"end" | "again"> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${http}/websocket`, "meanwhile.v2");
    const leave = () => socket.terminate();
    signal.addEventListener("abort", leave, { once: true });
    socket.on("open", () => socket.send(JSON.stringify({ op: "follow", ref: "1", jobId, after: cursor.after })));
    socket.on("message", (bytes) => {
      if (signal.aborted) return;
      const said = JSON.parse(String(bytes)) as Said;
      if (said.op === "event") {
        note(said.event);
        cursor.after = said.event.seq;
      } else if (said.op === "end") {
        resolve("end");
        socket.close();
      } else if (said.op === "error") {
        if (!PASSING.includes(said.problem.code)) reject(new Error(`The server said ${JSON.stringify(said.problem)}`));
        socket.close();
      }
    });
    // Cut, refused or nobody there: `close` follows.
    socket.on("error", () => {});
    socket.on("close", () => {
      signal.removeEventListener("abort", leave);
      resolve("again");
    });
  });
}
