// STOMP by `@stomp/stompjs`: submit, answer, receipt, follow with acknowledgements, and all of it again after a kill.
import type { JobEvent, JobResource } from "@meanwhile/protocol";
import { until } from "@meanwhile/store-testkit";
import { Client, type IFrame, type IMessage } from "@stomp/stompjs";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { suiteFolder } from "../harness/folder.js";
import { type Pair, startPair } from "../harness/pair.js";
import { killLeftovers } from "../harness/process.js";
import { startReader, upTo } from "../readers/start-reader.js";
import { readByStomp } from "../readers/stomp.js";

const folder = suiteFolder();
let pair: Pair;

beforeAll(async () => {
  pair = await startPair({ folder });
});
afterAll(async () => {
  await pair.stop();
  killLeftovers();
});

/** A client that is connected; `connects` counts how often. */
async function connect(onConnect: (client: Client) => void = () => {}) {
  const errors: string[] = [];
  let connects = 0;
  const client: Client = new Client({
    webSocketFactory: () => new WebSocket(`${pair.api.address.replace("http:", "ws:")}/websocket`, ["v12.stomp"]),
    reconnectDelay: 100,
    onStompError: (frame: IFrame) => void errors.push(`${frame.headers.message} ${frame.body}`),
    onConnect() {
      connects++;
      onConnect(client);
    },
  });
  onTestFinished(() => client.deactivate());
  client.activate();
  await until(() => client.connected, { what: "the session has begun" });
  return { client, errors, connects: () => connects };
}

function submit(client: Client, body: object, headers: Record<string, string> = {}): void {
  client.publish({ destination: "/app/jobs/submit", body: JSON.stringify(body), headers });
}

describe("a session", () => {
  it("submits a job and is answered under its correlation-id; a receipt says that the frame was worked off", async () => {
    const answers: IMessage[] = [];
    const { client } = await connect((own) => own.subscribe("/user/queue/jobs", (answer) => void answers.push(answer)));
    let receipted = false;
    client.watchForReceipt("r-1", () => {
      receipted = true;
    });

    submit(client, { type: "test.echo", parameters: { n: 5 } }, { "correlation-id": "c-1", receipt: "r-1" });

    const answer = await until(() => answers[0], { what: "the answer" });
    await until(() => receipted, { what: "the receipt" });
    const job = JSON.parse(answer.body) as JobResource;
    expect(answer.headers["correlation-id"]).toBe("c-1");
    expect(await pair.api.reaches(job.id, "COMPLETED")).toMatchObject({ result: { n: 5 } });
  });

  it("goes on after a refused submit", async () => {
    const answers: IMessage[] = [];
    const { client, errors } = await connect((own) =>
      own.subscribe("/user/queue/jobs", (answer) => void answers.push(answer)),
    );

    submit(client, { type: "test.nothing" }, { "correlation-id": "bad" });
    submit(client, { type: "test.echo" }, { "correlation-id": "good" });

    await until(() => answers.length === 2, { what: "both answers" });
    const [bad] = answers.filter(({ headers }) => headers["correlation-id"] === "bad");
    expect(JSON.parse(bad!.body)).toMatchObject({ code: "unknown_job_type", status: 422 });
    expect(errors).toEqual([]);
  });

  it("comes back by itself after kill -9, and its subscription brings what it has not acknowledged", async () => {
    const job = await pair.submitStream({ count: 20, stopBefore: [11] });
    const got: JobEvent[] = [];
    const { connects } = await connect((own) => {
      const after = String(got.at(-1)?.seq ?? 0);
      const take = (message: IMessage) => {
        got.push(JSON.parse(message.body) as JobEvent);
        expect(message.headers["message-id"]).toBe(`${job.id}:${got.at(-1)!.seq}`);
        message.ack();
      };
      own.subscribe(`/topic/jobs/${job.id}`, take, { after, ack: "client-individual" });
    });

    await until(() => got.length === job.seqOf(10), { what: "the first ten chunks" });
    await pair.server.kill();
    job.letOn(11);
    await job.logReaches(job.total);
    await pair.server.start();

    await until(() => got.at(-1)?.type === "job.completed", { what: "the end of the job", limitMs: 15_000 });
    expect(got.map(({ seq }) => seq)).toEqual(upTo(job.total));
    expect(connects()).toBe(2);
  });

  it("that acknowledges nothing is given a hundred messages, and all the rest once it does", async () => {
    const job = await pair.submitStream({ count: 300, burst: 50 });
    await pair.api.reaches(job.id, "COMPLETED");
    const got: IMessage[] = [];
    const { client } = await connect((own) =>
      own.subscribe(`/topic/jobs/${job.id}`, (message) => void got.push(message), { ack: "client-individual" }),
    );

    await until(() => got.length === 100, { what: "a hundred messages" });
    // By its answer all has come that was sent before it.
    await receiptOf(client, "later");
    expect(got).toHaveLength(100);
    const acknowledged = new Set<IMessage>();
    await until(
      () => {
        for (const message of got) if (!acknowledged.has(message)) message.ack();
        for (const message of got) acknowledged.add(message);
        return got.length === job.total;
      },
      { what: "all messages", limitMs: 15_000 },
    );

    expect(got.map(({ body }) => (JSON.parse(body) as JobEvent).seq)).toEqual(upTo(job.total));
  });
});

function receiptOf(client: Client, id: string): Promise<void> {
  return new Promise((resolve) => {
    client.watchForReceipt(id, () => resolve());
    client.subscribe("/user/queue/jobs", () => {}, { receipt: id });
  });
}

describe("a reader", () => {
  it("has every event once and in order, although frames are torn and the server goes away", async () => {
    const { server } = pair;
    const job = await pair.submitStream({ count: 30, stopBefore: [11, 21], chunkBytes: 100 });
    const reads = await startReader(readByStomp, { server, jobId: job.id });

    await reads.reached(job.seqOf(10));
    reads.http.tear({ afterBytes: 900 });
    job.letOn(11);
    await reads.reached(job.seqOf(20));
    await server.replace();
    job.letOn(21);
    await reads.over();

    expect(reads.seqs).toEqual(upTo(job.total));
    expect(reads.http.cuts).toBe(1);
  });
});
