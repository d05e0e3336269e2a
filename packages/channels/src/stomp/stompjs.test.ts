// The STOMP client that most browsers run, @stomp/stompjs, unmodified against the channel.
import type { JobEvent, JobResource, Problem } from "@meanwhile/protocol";
import { until } from "@meanwhile/store-testkit";
import { Client, type IFrame, type IMessage, type StompConfig } from "@stomp/stompjs";
import { expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { person, startSocketServer } from "../testing/socket-server.js";

async function activate(url: string, config: StompConfig = {}): Promise<Client> {
  const client = new Client({
    // Node 20 has no WebSocket of its own.
    webSocketFactory: () => new WebSocket(url, ["v12.stomp", "v11.stomp", "v10.stomp"]),
    reconnectDelay: 20,
    ...config,
  });
  client.activate();
  onTestFinished(() => client.deactivate());
  await until(() => client.connected, { what: "the client is connected" });
  return client;
}

const body = <T>({ body: text }: IMessage | IFrame): T => JSON.parse(text) as T;

it("submits, hears the answer by its correlation id, follows to the end, and leaves", async () => {
  const { url } = await startSocketServer({ tokens: { ada: { owner: "ada" } } });
  const client = await activate(url, { connectHeaders: { Authorization: "Bearer ada" } });
  const answers: IMessage[] = [];
  const events: JobEvent[] = [];
  client.subscribe("/user/queue/jobs", (message) => {
    answers.push(message);
    const job = body<JobResource>(message);
    client.subscribe(`/topic/jobs/${job.id}`, (each) => events.push(body<JobEvent>(each)));
  });

  client.publish({
    destination: "/app/jobs/submit",
    headers: { "correlation-id": "mine:1", "idempotency-key": "k" },
    body: JSON.stringify({ type: "echo", parameters: { text: "Grüße\n" } }),
  });

  await until(() => events.at(-1)?.type === "job.completed", { what: "the job is completed" });
  expect(answers.map(({ headers }) => headers["correlation-id"])).toEqual(["mine:1"]);
  expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(events[2]?.data).toEqual({ result: { text: "Grüße\n" } });
  await client.deactivate();
});

it.each([false, true])("acknowledges message by message, and is never sent too many (bytes: %s)", async (asBytes) => {
  const { url, submit, engine } = await startSocketServer();
  const { id } = await submit("chunks", { count: 250, bytes: 10 });
  await engine.wait(id, { principal: person("local"), timeoutMs: 5_000 });
  const client = await activate(url, {
    forceBinaryWSFrames: asBytes,
    splitLargeFrames: !asBytes,
    maxWebSocketChunkSize: 8,
  });
  const waiting: IMessage[] = [];
  let most = 0;
  let seen = 0;

  client.subscribe(
    `/topic/jobs/${id}`,
    (message) => {
      seen++;
      waiting.push(message);
      most = Math.max(most, waiting.length);
      if (waiting.length === 100 || seen === 253) for (const each of waiting.splice(0)) each.ack();
    },
    { ack: "client-individual" },
  );

  await until(() => seen === 253, { what: "every message came" });
  expect(most).toBe(100);
});

it("is told by receipt that its submit was stored, and by an error that a frame was wrong", async () => {
  const { url, engine } = await startSocketServer();
  const errors: IFrame[] = [];
  const client = await activate(url, { onStompError: (frame) => errors.push(frame) });
  let stored = false;
  client.watchForReceipt("r", () => {
    stored = true;
  });

  client.publish({ destination: "/app/jobs/submit", headers: { receipt: "r" }, body: '{"type":"echo"}' });
  await until(() => stored, { what: "the receipt came" });
  expect((await engine.list({ limit: 10 }, { principal: person("local") })).items).toHaveLength(1);
  client.publish({ destination: "/topic/anything", body: "{}" });

  const [error] = await until(() => errors.length > 0 && errors, { what: "the error came" });
  expect(body<Problem>(error!).code).toBe("invalid_request");
});

it("connects again when it was cut off, and resumes behind what it saw", async () => {
  const { url, submit, open } = await startSocketServer();
  const { id } = await submit("gated", { gate: "g" });
  const seen: number[] = [];
  const sockets: WebSocket[] = [];
  await activate(url, {
    webSocketFactory: () => {
      const socket = new WebSocket(url, ["v12.stomp"]);
      sockets.push(socket);
      return socket;
    },
    // As its documentation advises: subscriptions are made when it has connected, each time.
    onConnect() {
      this.subscribe(`/topic/jobs/${id}`, (message: IMessage) => seen.push(body<JobEvent>(message).seq), {
        after: String(seen.at(-1) ?? 0),
      });
    },
  } as StompConfig & ThisType<Client>);
  await until(() => seen.length === 2, { what: "the job has started" });

  sockets[0]!.terminate();
  await until(() => sockets.length === 2, { what: "it connects again" });
  open("g");

  await until(() => seen.at(-1) === 3, { what: "the job is completed" });
  expect(seen).toEqual([1, 2, 3]);
});

it("does not hang in deactivate, also while it follows", async () => {
  const { url, submit, channel } = await startSocketServer();
  const { id } = await submit("gated", { gate: "g" });
  const client = await activate(url);
  client.subscribe(`/topic/jobs/${id}`, () => {});

  await client.deactivate();

  await until(() => channel.connections === 0, { what: "the connection is gone" });
  expect(client.active).toBe(false);
});
