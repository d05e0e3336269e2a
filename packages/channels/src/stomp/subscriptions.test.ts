// What a STOMP session listens to, and how it acknowledges, with frames written by hand.
import type { JobEvent, Problem } from "@meanwhile/protocol";
import { until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { person, type SocketServer, type SocketServerOptions, startSocketServer } from "../testing/socket-server.js";
import { connectStomp, header, json, type StompPeer } from "../testing/stomp-peer.js";

const TWO_OWNERS: SocketServerOptions = { tokens: { ada: { owner: "ada" }, bob: { owner: "bob" } } };

const seqsOf = (peer: StompPeer) =>
  peer.frames.filter(({ command }) => command === "MESSAGE").map((frame) => json<JobEvent>(frame).seq);

async function finishedJob({ submit, engine }: SocketServer, type = "echo", parameters = {}): Promise<string> {
  const { id } = await submit(type, parameters);
  await engine.wait(id, { principal: person("local"), timeoutMs: 10_000 });
  return id;
}

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
