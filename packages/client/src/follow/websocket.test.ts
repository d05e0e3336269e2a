// The WebSocket transport against servers that a test scripts: real sockets, real frames.
import type { AddressInfo } from "node:net";
import { until } from "@meanwhile/store-testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { createClient, type Notice } from "../index.js";
import { JOB_ID, logOf } from "../testing/scripted-server.js";

const LOG = logOf(4);
const OTHER_ID = JOB_ID.replace("0199", "0200");

interface Said {
  op: string;
  jobId?: string;
  after?: number;
  token?: string;
}

/** Answers each message by the script; counts connections. */
async function setUp(
  script: (message: Said, send: (answer: object) => void, socket: WebSocket, connection: number) => void,
  token?: string,
) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await new Promise((resolve) => server.once("listening", resolve));
  const said: Said[] = [];
  let connections = 0;
  server.on("connection", (socket) => {
    const connection = ++connections;
    socket.on("message", (data) => {
      const message = JSON.parse(String(data)) as Said;
      said.push(message);
      script(message, (answer) => socket.send(JSON.stringify(answer)), socket, connection);
    });
  });
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  const notices: Notice[] = [];
  const client = createClient({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    transport: "websocket",
    webSocket: WebSocket,
    retry: { initialDelayMs: 1, maxDelayMs: 5 },
    follow: { silenceMs: 100, openWithinMs: 2_000 },
    onNotice: (notice) => notices.push(notice),
    ...(token === undefined ? {} : { token }),
  });
  return { client, said, notices, server, connections: () => connections };
}

const tell = (send: (answer: object) => void, { jobId, after = 0 }: Said, until = LOG.length) => {
  for (const event of LOG.slice(after, until)) send({ op: "event", jobId, event });
};

const seqsOf = async (events: AsyncIterable<{ seq: number }>): Promise<number[]> => {
  const seqs: number[] = [];
  for await (const { seq } of events) seqs.push(seq);
  return seqs;
};

describe("one WebSocket", () => {
  it("carries several jobs, and is closed with the last of them", async () => {
    const { client, connections, server } = await setUp((message, send) => {
      if (message.op === "follow") tell(send, message);
    });

    const both = await Promise.all([seqsOf(client.job(JOB_ID).events()), seqsOf(client.job(OTHER_ID).events())]);

    expect(both).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ]);
    expect(connections()).toBe(1);
    await until(() => server.clients.size === 0, { what: "the connection is closed" });
  });

  it("follows no job twice: the second follow has a connection of its own", async () => {
    const answers: ((answer: object) => void)[] = [];
    const { client, connections } = await setUp((message, send) => {
      if (message.op !== "follow") return;
      answers.push(send);
      if (answers.length === 2) for (const answer of answers) tell(answer, message);
    });

    const both = await Promise.all([seqsOf(client.job(JOB_ID).events()), seqsOf(client.job(JOB_ID).events())]);

    expect(both).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ]);
    expect(connections()).toBe(2);
  });

  it("that is cut goes on behind the last event", async () => {
    const { client, said } = await setUp((message, send, socket, connection) => {
      if (message.op !== "follow") return;
      tell(send, message, connection === 1 ? 2 : 4);
      if (connection === 1) socket.close(1001);
    });

    expect(await seqsOf(client.job(JOB_ID).events())).toEqual([1, 2, 3, 4]);
    expect(said.filter(({ op }) => op === "follow").map(({ after }) => after)).toEqual([0, 2]);
  });

  it("that is dead is noticed by a question without an answer", async () => {
    const { client, said } = await setUp((message, send, _socket, connection) => {
      if (message.op === "follow") tell(send, message, connection === 1 ? 1 : 4);
    });

    expect(await seqsOf(client.job(JOB_ID).events())).toEqual([1, 2, 3, 4]);
    const ops = said.map(({ op }) => op);
    expect([ops[0], ops.at(-1)]).toEqual(["follow", "follow"]);
    expect(ops).toContain("unfollow");
  });

  it("that is quiet and answers is left open", async () => {
    let probes = 0;
    const { client, connections } = await setUp((message, send) => {
      if (message.op === "unfollow" && ++probes < 4) send({ op: "end", jobId: message.jobId, ref: "probe" });
      if (probes >= 4) tell(send, { op: "follow", jobId: JOB_ID });
    });

    expect(await seqsOf(client.job(JOB_ID).events())).toEqual([1, 2, 3, 4]);
    expect(connections()).toBe(1);
  });

  it("says who it is first, and follows when it is let in", async () => {
    const { client, said } = await setUp((message, send) => {
      if (message.op === "auth") send({ op: "ready" });
      else tell(send, message);
    }, "mw_secret");

    await seqsOf(client.job(JOB_ID).events());

    expect(said).toMatchObject([{ op: "auth", token: "mw_secret" }, { op: "follow" }]);
  });

  it("tells why a job cannot be followed", async () => {
    const problem = {
      code: "job_not_found",
      title: "There is no such job",
      status: 404,
      detail: "There is no such job.",
    };
    const { client } = await setUp(({ jobId }, send) => send({ op: "error", ref: jobId, jobId, problem }));

    await expect(seqsOf(client.job(JOB_ID).events())).rejects.toMatchObject({ code: "job_not_found", status: 404 });
  });
});
