// How a STOMP session begins, and how its heart-beats keep it, with frames written by hand.
import type { JobEvent, Problem } from "@meanwhile/protocol";
import { ManualClock, until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { person, type SocketServerOptions, startSocketServer } from "../testing/socket-server.js";
import { connectStomp, header, json } from "../testing/stomp-peer.js";
import { connectPeer } from "../testing/web-socket.js";

const TWO_OWNERS: SocketServerOptions = { tokens: { ada: { owner: "ada" }, bob: { owner: "bob" } } };

const SUBMIT_ECHO = 'SEND\ndestination:/app/jobs/submit\n\n{"type":"echo","parameters":{"a":1}}^';

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
