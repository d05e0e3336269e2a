// STOMP sessions over real sockets, with frames written by hand.
import type { JobEvent, JobResource, Problem } from "@meanwhile/protocol";
import { ManualClock, until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { person, type SocketServer, type SocketServerOptions, startSocketServer } from "../testing/socket-server.js";
import { connectStomp, header, json, type StompPeer } from "../testing/stomp-peer.js";
import { connectPeer } from "../testing/web-socket.js";

const TWO_OWNERS: SocketServerOptions = { tokens: { ada: { owner: "ada" }, bob: { owner: "bob" } } };

const SUBMIT_ECHO = 'SEND\ndestination:/app/jobs/submit\n\n{"type":"echo","parameters":{"a":1}}^';

const seqsOf = (peer: StompPeer) =>
  peer.frames.filter(({ command }) => command === "MESSAGE").map((frame) => json<JobEvent>(frame).seq);

async function finishedJob({ submit, engine }: SocketServer, type = "echo", parameters = {}): Promise<string> {
  const { id } = await submit(type, parameters);
  await engine.wait(id, { principal: person("local"), timeoutMs: 10_000 });
  return id;
}

describe("CONNECT", () => {
  it.each<[string, string, string]>([
    ["1.2,1.1,1.0", "CONNECT", "1.2"],
    ["1.0,1.1", "STOMP", "1.1"],
    ["1.0", "CONNECT", "1.0"],
    ["1.1, 9.9", "STOMP", "1.1"],
  ])("settles on the highest common version of %s, with %s", async (accepted, command, version) => {
    const { url } = await startSocketServer();
    const peer = await connectStomp(url, { connect: false });

    peer.send(`${command}\naccept-version:${accepted}\nheart-beat:10000,10000\nhost:any\n\n^`);

    const connected = await peer.hears("CONNECTED");
    expect(header(connected, "version")).toBe(version);
    expect(header(connected, "heart-beat")).toBe(version === "1.0" ? undefined : "10000,10000");
    expect(header(connected, "user-name")).toBe("local");
    expect(header(connected, "session")).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("without accept-version speaks 1.0", async () => {
    const { url } = await startSocketServer();
    const peer = await connectStomp(url, { connect: false });

    peer.send("CONNECT\n\n^");

    expect(header(await peer.hears("CONNECTED"), "version")).toBe("1.0");
  });

  it("without a common version is told those there are, and closed", async () => {
    const { url } = await startSocketServer();
    const peer = await connectStomp(url, { connect: false });

    peer.send("CONNECT\naccept-version:2.0\n\n^");

    expect(header(await peer.hears("ERROR"), "version")).toBe("1.0,1.1,1.2");
    expect((await peer.closed()).code).toBe(1002);
  });

  it.each<[string, string]>([
    ["the header Authorization", "Authorization:Bearer ada\n"],
    ["the passcode", "login:whoever\npasscode:ada\n"],
    ["a ticket", "ticket:t\n"],
  ])("takes the credential from %s", async (_what, connect) => {
    const tickets = { t: { principal: person("ada") } };
    const { url, submit } = await startSocketServer({ ...TWO_OWNERS, tickets });
    const { id } = await submit("echo", {}, "ada");

    const peer = await connectStomp(url, { connect });
    peer.send(`SUBSCRIBE\nid:0\ndestination:/topic/jobs/${id}\n\n^`);

    await peer.hears("MESSAGE", (frame) => json<JobEvent>(frame).type === "job.completed");
  });

  it("relies on the header of the handshake, whatever passcode a client sends by habit", async () => {
    const { url } = await startSocketServer(TWO_OWNERS);

    const peer = await connectStomp(url, {
      headers: { authorization: "Bearer ada" },
      connect: "login:guest\npasscode:guest\n",
    });

    expect(header(await peer.hears("CONNECTED"), "user-name")).toBe("ada");
  });

  it.each<[string, string]>([
    ["a wrong key", "CONNECT\naccept-version:1.2\nAuthorization:Bearer eve\n\n^"],
    ["no key", "CONNECT\naccept-version:1.2\n\n^"],
    ["another frame first", "SEND\ndestination:/app/jobs/submit\n\n{}^"],
  ])("with %s is refused with 4401", async (_what, frame) => {
    const { url } = await startSocketServer(TWO_OWNERS);
    const peer = await connectStomp(url, { connect: false });

    peer.send(frame);

    expect(json<Problem>(await peer.hears("ERROR")).code).toBe("unauthenticated");
    expect((await peer.closed()).code).toBe(4401);
  });

  it("waits with frames that come right behind it", async () => {
    const { url } = await startSocketServer(TWO_OWNERS);
    const peer = await connectStomp(url, { connect: false });

    peer.send(
      `CONNECT\naccept-version:1.2\nAuthorization:Bearer ada\n\n^SUBSCRIBE\nid:q\ndestination:/user/queue/jobs\n\n^${SUBMIT_ECHO}`,
    );

    await peer.hears("MESSAGE");
    expect(peer.frames.map(({ command }) => command)).toEqual(["CONNECTED", "MESSAGE"]);
  });
});

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

describe("SUBSCRIBE to a job", () => {
  it("delivers its events with the ids of the contract, from the first one on", async () => {
    const server = await startSocketServer();
    const id = await finishedJob(server);
    const peer = await connectStomp(server.url);

    peer.send(`SUBSCRIBE\nid:s-0\ndestination:/topic/jobs/${id}\nreceipt:r\n\n^`);

    const last = await peer.hears("MESSAGE", (frame) => json<JobEvent>(frame).seq === 3);
    expect(Object.fromEntries(last.headers)).toEqual({
      subscription: "s-0",
      "message-id": `${id}:3`,
      destination: `/topic/jobs/${id}`,
      "content-type": "application/json",
      "content-length": String(last.body.length),
    });
    expect(json<JobEvent>(last)).toMatchObject({ jobId: id, type: "job.completed", data: { result: {} } });
    expect(header(await peer.hears("RECEIPT"), "receipt-id")).toBe("r");
    expect(seqsOf(peer)).toEqual([1, 2, 3]);
  });

  it("resumes behind the header after", async () => {
    const server = await startSocketServer();
    const id = await finishedJob(server);
    const peer = await connectStomp(server.url);

    peer.send(`SUBSCRIBE\nid:0\ndestination:/topic/jobs/${id}\nafter:2\n\n^`);

    await peer.hears("MESSAGE");
    expect(seqsOf(peer)).toEqual([3]);
  });

  it("ends with UNSUBSCRIBE, after which its id may be used again", async () => {
    const { url, submit, open } = await startSocketServer();
    const { id } = await submit("gated", { gate: "g" });
    const peer = await connectStomp(url);
    peer.send(`SUBSCRIBE\nid:0\ndestination:/topic/jobs/${id}\n\n^`);
    await peer.hears("MESSAGE", (frame) => json<JobEvent>(frame).seq === 2);

    peer.send("UNSUBSCRIBE\nid:0\nreceipt:u\n\n^");
    await peer.hears("RECEIPT");
    open("g");
    peer.send(`SUBSCRIBE\nid:0\ndestination:/topic/jobs/${id}\nafter:2\n\n^`);

    await peer.hears("MESSAGE", (frame) => json<JobEvent>(frame).seq === 3);
    expect(seqsOf(peer)).toEqual([1, 2, 3]);
  });

  it.each<[string, string, string, number]>([
    [
      "a job that does not exist",
      "destination:/topic/jobs/0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d\n",
      "job_not_found",
      4404,
    ],
    ["a wildcard", "destination:/topic/jobs/*\n", "job_not_found", 4404],
    ["another destination", "destination:/topic/else\n", "invalid_request", 1002],
    ["no destination", "", "invalid_request", 1002],
    ["an unknown ack", "destination:/user/queue/jobs\nack:never\n", "invalid_request", 1002],
    ["a cursor that is none", "destination:/topic/jobs/x\nafter:abc\n", "invalid_request", 1002],
  ])("of %s is an ERROR with its receipt, and a close", async (_what, headers, code, closeCode) => {
    const { url } = await startSocketServer();
    const peer = await connectStomp(url);

    peer.send(`SUBSCRIBE\nid:0\n${headers}receipt:r\n\n^`);

    const error = await peer.hears("ERROR");
    expect(header(error, "receipt-id")).toBe("r");
    expect(json<Problem>(error).code).toBe(code);
    expect((await peer.closed()).code).toBe(closeCode);
  });

  it("of another owner's job is refused as if there were none", async () => {
    const { url, submit } = await startSocketServer(TWO_OWNERS);
    const { id } = await submit("echo", {}, "ada");
    const bob = await connectStomp(url, { connect: "Authorization:Bearer bob\n" });

    bob.send(`SUBSCRIBE\nid:0\ndestination:/topic/jobs/${id}\n\n^`);

    expect(json<Problem>(await bob.hears("ERROR")).code).toBe("job_not_found");
  });

  it("in version 1.0 may go without an id", async () => {
    const server = await startSocketServer();
    const id = await finishedJob(server);
    const peer = await connectStomp(server.url, { version: "1.0" });

    peer.send(`SUBSCRIBE\ndestination:/topic/jobs/${id}\nack:client\n\n^`);

    const last = await peer.hears("MESSAGE", (frame) => json<JobEvent>(frame).seq === 3);
    expect(last.headers.has("subscription")).toBe(false);
    peer.send(`ACK\nmessage-id:${id}:3\nreceipt:a\n\n^UNSUBSCRIBE\ndestination:/topic/jobs/${id}\nreceipt:u\n\n^`);
    await peer.hears("RECEIPT", (frame) => header(frame, "receipt-id") === "u");
  });
});

describe("SUBSCRIBE to all jobs", () => {
  it("delivers what happens from now on, of the caller's own jobs alone, and resumes by position", async () => {
    const { url, submit, engine } = await startSocketServer(TWO_OWNERS);
    await submit("echo", {}, "ada");
    const peer = await connectStomp(url, { connect: "Authorization:Bearer ada\n" });
    peer.send("SUBSCRIBE\nid:all\ndestination:/topic/jobs\nreceipt:r\n\n^");
    await peer.hears("RECEIPT");

    const foreign = await submit("echo", {}, "bob");
    await engine.wait(foreign.id, { principal: person("bob"), timeoutMs: 5_000 });
    const own = await submit("echo", {}, "ada");

    const last = await peer.hears(
      "MESSAGE",
      (frame) => json<JobEvent>(frame).jobId === own.id && json<JobEvent>(frame).type === "job.completed",
    );
    expect(header(last, "message-id")).toBe(`${own.id}:3`);
    expect(peer.frames.some((frame) => frame.command === "MESSAGE" && json<JobEvent>(frame).jobId === foreign.id)).toBe(
      false,
    );
    const first = peer.frames.find((frame) => header(frame, "message-id") === `${own.id}:1`);
    const again = await connectStomp(url, { connect: "Authorization:Bearer ada\n" });
    again.send(`SUBSCRIBE\nid:all\ndestination:/topic/jobs\nafter:${header(first!, "position")}\n\n^`);
    await again.hears("MESSAGE", (frame) => header(frame, "message-id") === `${own.id}:3`);
    expect(seqsOf(again)).toEqual([2, 3]);
  });

  it.each<[string, string, string]>([
    ["a position that is none", "after:nonsense\n", "invalid_request"],
    ["the ticket of one job", "", "forbidden"],
  ])("with %s is refused", async (_what, after, code) => {
    const tickets = { t: { principal: person("ada"), jobId: "0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d" } };
    const { url } = await startSocketServer({ ...TWO_OWNERS, tickets });
    const credential = code === "forbidden" ? "ticket:t\n" : "Authorization:Bearer ada\n";
    const peer = await connectStomp(url, { connect: credential });

    peer.send(`SUBSCRIBE\nid:all\ndestination:/topic/jobs\n${after}\n^`);

    expect(json<Problem>(await peer.hears("ERROR")).code).toBe(code);
  });
});

describe("acknowledgements", () => {
  const subscribed = async (mode: string, version: "1.1" | "1.2" = "1.2") => {
    const server = await startSocketServer();
    const id = await finishedJob(server, "chunks", { count: 250, bytes: 1 });
    const peer = await connectStomp(server.url, { version });
    peer.send(`SUBSCRIBE\nid:0\ndestination:/topic/jobs/${id}\nack:${mode}\n\n^`);
    const messages = () => peer.frames.filter(({ command }) => command === "MESSAGE");
    const arrive = (count: number) =>
      until(() => messages().length >= count && messages(), { what: `${count} messages arrive` });
    /** All that was sent before it is there: what more there were would be, too. */
    const settled = async (receipt: string) => {
      peer.send(`UNSUBSCRIBE\nid:nothing\nreceipt:${receipt}\n\n^`);
      await peer.hears("RECEIPT", (frame) => header(frame, "receipt-id") === receipt);
      return messages().length;
    };
    return { peer, id, arrive, settled };
  };

  it("of single messages let as many more come, and no more than a hundred are out", async () => {
    const { peer, arrive, settled } = await subscribed("client-individual");
    const first = await arrive(100);
    expect(await settled("s1")).toBe(100);

    for (const place of [99, 5, 50]) peer.send(`ACK\nid:${header(first[place]!, "ack")}\n\n^`);

    await arrive(103);
    expect(await settled("s2")).toBe(103);
    peer.send(`NACK\nid:${header(first[0]!, "ack")}\n\n^`);
    await arrive(104);
    expect(await settled("s3")).toBe(104);
    expect(seqsOf(peer)).toEqual(Array.from({ length: 104 }, (_, index) => index + 1));
  });

  it("in the mode client count for all before, too", async () => {
    const { peer, arrive, settled } = await subscribed("client");
    const first = await arrive(100);

    peer.send(`ACK\nid:${header(first[59]!, "ack")}\n\n^`);

    await arrive(160);
    expect(await settled("s")).toBe(160);
  });

  it("in version 1.1 go by the message's own id", async () => {
    const { peer, id, arrive, settled } = await subscribed("client-individual", "1.1");
    await arrive(100);

    peer.send(`ACK\nsubscription:0\nmessage-id:${id}\\c7\n\n^`);

    await arrive(101);
    expect(await settled("s")).toBe(101);
  });

  it("that come twice, or late, are harmless", async () => {
    const { peer, arrive, settled } = await subscribed("client-individual");
    const [first] = await arrive(100);
    const ack = header(first!, "ack");

    peer.send(`ACK\nid:${ack}\n\n^ACK\nid:${ack}\n\n^`);
    await arrive(101);
    peer.send(`UNSUBSCRIBE\nid:0\n\n^ACK\nid:${ack}\n\n^`);

    expect(await settled("s")).toBe(101);
  });

  it.each(["9-1", "1-100000", "abc", ""])("of something that was never sent is an ERROR: %s", async (id) => {
    const { peer, arrive } = await subscribed("client-individual");
    await arrive(100);

    peer.send(`ACK\nid:${id}\n\n^`);

    await peer.hears("ERROR");
    expect((await peer.closed()).code).toBe(1002);
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

describe("heart-beats", () => {
  it("are sent as agreed", async () => {
    const clock = new ManualClock();
    const { url } = await startSocketServer({ clock });
    const peer = await connectStomp(url, { connect: "heart-beat:0,15000\n" });

    for (let count = 1; count <= 3; count++) {
      clock.advance(15_000);
      await until(() => peer.beats() === count, { what: `heart-beat ${count} came` });
    }
  });

  it("that stop to come end the session after three intervals", async () => {
    const clock = new ManualClock();
    const { url } = await startSocketServer({ clock });
    const peer = await connectStomp(url, { connect: "heart-beat:1000,0\n" });

    clock.advance(29_999);
    peer.send("\n\nUNSUBSCRIBE\nid:none\nreceipt:alive\n\n^");
    await peer.hears("RECEIPT");
    clock.advance(29_999);
    expect(peer.frames.map(({ command }) => command)).not.toContain("ERROR");
    clock.advance(1);

    await peer.hears("ERROR");
    expect((await peer.closed()).code).toBe(1002);
  });

  it.each(["1000", "a,b", "-1,0"])("that cannot be read are a fault: %s", async (beats) => {
    const { url } = await startSocketServer();
    const peer = await connectStomp(url, { connect: false });

    peer.send(`CONNECT\naccept-version:1.2\nheart-beat:${beats}\n\n^`);

    expect(header(await peer.hears("ERROR"), "message")).toMatch(/^heart-beat must be/);
  });

  it("of a session that is over leave no timer behind", async () => {
    const clock = new ManualClock();
    const { url, channel } = await startSocketServer({ clock });
    const peer = await connectStomp(url, { connect: "heart-beat:1000,1000\n" });

    peer.send("DISCONNECT\n\n^");
    await peer.closed();

    await until(() => channel.connections === 0, { what: "the connection is gone" });
    clock.advance(5_000);
    expect(clock.pendingTimers).toBe(0);
  });
});

it("the first offer that is spoken is agreed to", async () => {
  const { url } = await startSocketServer();

  const peer = await connectPeer(url, { protocols: ["graphql-ws", "v11.stomp", "meanwhile.v2"] });

  expect(peer.socket.protocol).toBe("v11.stomp");
});
