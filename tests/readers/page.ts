// What runs in a page of a browser: readers of a job's events by what browsers bring. They may use nothing from outside.

/** What a page has seen: the `seq` of each event, and how its stream stands. */
export interface Watching {
  seqs: number[];
  state: "open" | "ended";
}

/** Comes back by itself, as browsers do. */
export function listenByEventSource({ url, types }: { url: string; types: readonly string[] }): void {
  const watching: Watching = { seqs: [], state: "open" };
  Object.assign(globalThis, { watching });
  const source = new EventSource(url);
  for (const type of types) {
    source.addEventListener(type, (event) => void watching.seqs.push(JSON.parse((event as MessageEvent).data).seq));
  }
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) watching.state = "ended";
  });
}

/** Comes back behind its last event whenever the connection ends. */
export function listenByWebSocket({ url, jobId }: { url: string; jobId: string }): void {
  const watching: Watching = { seqs: [], state: "open" };
  Object.assign(globalThis, { watching });
  const connect = () => {
    const socket = new WebSocket(url, "meanwhile.v2");
    const follow = { op: "follow", jobId, after: watching.seqs.at(-1) ?? 0 };
    socket.addEventListener("open", () => socket.send(JSON.stringify(follow)));
    socket.addEventListener("message", ({ data }) => {
      const said = JSON.parse(data);
      if (said.op === "event") watching.seqs.push(said.event.seq);
      if (said.op === "end") watching.state = "ended";
    });
    socket.addEventListener("close", () => {
      if (watching.state === "open") setTimeout(connect, 100);
    });
  };
  connect();
}
