// Submitting in a STOMP session, its receipts, its faults and its end, with frames written by hand.

import { systemClock } from "@meanwhile/core";
import type { JobResource, Problem } from "@meanwhile/protocol";
import { until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { person, type SocketServerOptions, startSocketServer } from "../testing/socket-server.js";
import { connectStomp, header, json } from "../testing/stomp-peer.js";

const TWO_OWNERS: SocketServerOptions = { tokens: { ada: { owner: "ada" }, bob: { owner: "bob" } } };

const SUBMIT_ECHO = 'SEND\ndestination:/app/jobs/submit\n\n{"type":"echo","parameters":{"a":1}}^';

describe("SEND", () => {
  it("submits, and the answer comes with the correlation id on the caller's own queue", async () => {
    const { url } = await startSocketServer();
    const peer = await connectStomp(url);
    peer.send("SUBSCRIBE\nid:q\ndestination:/user/queue/jobs\n\n^");

    peer.send(
      'SEND\ndestination:/app/jobs/submit\ncorrelation-id:a\\cb\nreceipt:r\n\n{"type":"echo","parameters":{"a":1}}^',
    );

    const message = await peer.hears("MESSAGE");
    expect(Object.fromEntries(message.headers)).toMatchObject({
      subscription: "q",
      destination: "/user/queue/jobs",
      "correlation-id": "a:b",
      "content-type": "application/json",
      "content-length": String(message.body.length),
    });
    expect(json<JobResource>(message)).toMatchObject({ type: "echo", parameters: { a: 1 } });
    expect(header(await peer.hears("RECEIPT"), "receipt-id")).toBe("r");
  });

  it("with the key of an earlier one makes no second job", async () => {
    const { url, engine } = await startSocketServer();
    const peer = await connectStomp(url);
    peer.send("SUBSCRIBE\nid:q\ndestination:/user/queue/jobs\n\n^");

    for (const key of ['"k"', "k"]) {
      peer.send(`SEND\ndestination:/app/jobs/submit\nidempotency-key:${key}\n\n{"type":"echo"}^`);
    }

    await until(() => peer.frames.length === 3, { what: "both are answered" });
    const [, first, second] = peer.frames;
    expect(json<JobResource>(first!).id).toBe(json<JobResource>(second!).id);
    expect((await engine.list({ limit: 10 }, { principal: person("local") })).items).toHaveLength(1);
  });

  it.each<[string, string, string]>([
    ["an unknown type", '{"type":"nothing"}', "unknown_job_type"],
    ["broken JSON", '{"type":', "invalid_request"],
    ["an unknown member", '{"type":"echo","idempotencyKey":"k"}', "invalid_parameters"],
  ])("of %s is answered with the problem, and the session goes on", async (_what, body, code) => {
    const { url } = await startSocketServer();
    const peer = await connectStomp(url);
    peer.send("SUBSCRIBE\nid:q\ndestination:/user/queue/jobs\n\n^");

    peer.send(`SEND\ndestination:/app/jobs/submit\ncorrelation-id:1\n\n${body}^`);
    peer.send(SUBMIT_ECHO);

    const refused = await peer.hears("MESSAGE", (frame) => header(frame, "correlation-id") === "1");
    expect(header(refused, "content-type")).toBe("application/problem+json");
    expect(json<Problem>(refused).code).toBe(code);
    await peer.hears("MESSAGE", (frame) => json<JobResource>(frame).type === "echo");
  });

  it("that is refused where nobody listens ends with an ERROR, not with a receipt", async () => {
    const { url } = await startSocketServer();
    const peer = await connectStomp(url);

    peer.send('SEND\ndestination:/app/jobs/submit\nreceipt:r\n\n{"type":"nothing"}^');

    const error = await peer.hears("ERROR");
    expect(header(error, "receipt-id")).toBe("r");
    expect(json<Problem>(error).code).toBe("unknown_job_type");
    await peer.closed();
    expect(peer.frames.map(({ command }) => command)).toEqual(["CONNECTED", "ERROR"]);
  });

  it("is answered in order, however long each takes", async () => {
    const slow = new Map<string, Promise<void>>();
    let openFirst = () => {};
    slow.set(
      "1",
      new Promise((resolve) => {
        openFirst = resolve;
      }),
    );
    const { url } = await startSocketServer({
      engine: (real) => ({
        ...real,
        async submit(envelope, options) {
          await slow.get((envelope as { callbackId: string }).callbackId);
          return real.submit(envelope, options);
        },
      }),
    });
    const peer = await connectStomp(url);
    peer.send("SUBSCRIBE\nid:q\ndestination:/user/queue/jobs\n\n^");

    for (const id of ["1", "2", "3"]) {
      peer.send(`SEND\ndestination:/app/jobs/submit\n\n{"type":"echo","callbackId":"${id}"}^`);
    }
    openFirst();

    await until(() => peer.frames.length === 4, { what: "all three are answered" });
    expect(peer.frames.slice(1).map((frame) => json<JobResource>(frame).callbackId)).toEqual(["1", "2", "3"]);
  });

  it("is answered to a few subscriptions at most: each answer is written out for every one of them", async () => {
    const { url } = await startSocketServer();
    const peer = await connectStomp(url);

    for (let id = 0; id < 17; id++) peer.send(`SUBSCRIBE\nid:${id}\nreceipt:${id}\ndestination:/user/queue/jobs\n\n^`);

    const error = await peer.hears("ERROR");
    expect([header(error, "receipt-id"), json<Problem>(error).code]).toEqual(["16", "rate_limited"]);
  });

  it("keeps answers that wait for acknowledgements, and not without end", async () => {
    const { url } = await startSocketServer();
    const peer = await connectStomp(url);
    peer.send("SUBSCRIBE\nid:q\ndestination:/user/queue/jobs\nack:client\n\n^");
    const answers = () => peer.frames.filter(({ command }) => command === "MESSAGE");

    for (let count = 0; count < 150; count++) peer.send(SUBMIT_ECHO);
    await until(() => answers().length === 100, { what: "a hundred answers came" });
    peer.send(`ACK\nid:${header(answers()[99]!, "ack")}\nreceipt:all\n\n^`);

    await until(() => answers().length === 150, { what: "the others came" });
    for (let count = 0; count < 300; count++) peer.send(SUBMIT_ECHO);
    expect(json<Problem>(await peer.hears("ERROR")).code).toBe("rate_limited");
    expect((await peer.closed()).code).toBe(4429);
  });
});

describe("frames", () => {
  it("may come split, joined, as bytes, and with line ends of either kind", async () => {
    const { url } = await startSocketServer();
    const peer = await connectStomp(url);
    const bytes = Buffer.from(
      `SUBSCRIBE\r\nid:q\r\ndestination:/user/queue/jobs\r\n\r\n\0\n\r\n${SUBMIT_ECHO}SEND\ndestination:/app/jobs/submit\ncontent-length:15\n\n{"type":"echo"}^`.replaceAll(
        "^",
        "\0",
      ),
    );

    for (const byte of bytes) peer.sendBytes(Buffer.of(byte));

    await until(() => peer.frames.filter(({ command }) => command === "MESSAGE").length === 2, {
      what: "both are answered",
    });
  });

  it.each<[string, string]>([
    ["an unknown command", "DANCE\n\n^"],
    ["a second CONNECT", "CONNECT\naccept-version:1.2\n\n^"],
    ["a transaction", "BEGIN\ntransaction:t\n\n^"],
    ["a body where none may be", "SUBSCRIBE\nid:0\ndestination:/user/queue/jobs\n\nbody^"],
    ["an unknown escape", "SEND\ndestination:/app/jobs/submit\na:\\t\n\n{}^"],
    ["another destination", "SEND\ndestination:/topic/jobs\n\n{}^"],
    ["a header without a colon", "SEND\nnothing\n\n^"],
    ["the same subscription twice", "SUBSCRIBE\nid:0\ndestination:/user/queue/jobs\n\n^".repeat(2)],
  ])("that are faults end with ERROR and 1002: %s", async (_what, frame) => {
    const { url, complaints } = await startSocketServer();
    const peer = await connectStomp(url);

    peer.send(frame);

    expect(json<Problem>(await peer.hears("ERROR")).code).toBe("invalid_request");
    expect((await peer.closed()).code).toBe(1002);
    expect(complaints).toEqual([]);
  });

  it("by the ten thousand in one message leave turns to everybody else", async () => {
    let turns = 0;
    const nextTurn = (callback: () => void) => {
      turns++;
      systemClock.nextTurn(callback);
    };
    const { url } = await startSocketServer({ clock: { ...systemClock, nextTurn } });
    const peer = await connectStomp(url);

    peer.send(`${"UNSUBSCRIBE\nid:a\n\n^".repeat(10_000)}UNSUBSCRIBE\nid:a\nreceipt:last\n\n^`);
    await peer.hears("RECEIPT");

    expect(turns).toBeGreaterThan(30);
  });

  it("DISCONNECT is receipted when all before it is done, then the server closes", async () => {
    const { url } = await startSocketServer();
    const peer = await connectStomp(url);
    peer.send("SUBSCRIBE\nid:q\ndestination:/user/queue/jobs\n\n^");

    peer.send(`${SUBMIT_ECHO}DISCONNECT\nreceipt:bye\n\n^`);

    expect((await peer.closed()).code).toBe(1000);
    expect(peer.frames.map(({ command }) => command)).toEqual(["CONNECTED", "MESSAGE", "RECEIPT"]);
  });

  it("say why before the connection closes: the credential has ended", async () => {
    const { url, revoke } = await startSocketServer(TWO_OWNERS);
    const peer = await connectStomp(url, { connect: "Authorization:Bearer ada\n" });

    revoke("ada");

    expect(json<Problem>(await peer.hears("ERROR")).code).toBe("unauthenticated");
    expect((await peer.closed()).code).toBe(4401);
  });
});
