// What the webhook channel sends, and what it makes of everything that a receiver can do.
import { createServer, type Socket } from "node:net";
import { ManualClock, until } from "@meanwhile/store-testkit";
import { Webhook } from "standardwebhooks";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Answer, startReceiver, status } from "../testing/receiver.js";
import { sendTo, startChannel } from "../testing/webhook.js";
import { makeSending } from "../testkit/push-suite.js";

const never = new AbortController().signal;

describe("a sending", () => {
  it("is a POST that Standard Webhooks' own library verifies with each secret", async () => {
    const receiver = await startReceiver();
    const secrets = [1, 2].map((fill) => `whsec_${Buffer.alloc(24, fill).toString("base64")}`);
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const sending = makeSending(`${receiver.url}/hooks/a?b=c`, { secrets, traceparent });

    const sent = await startChannel({ userAgent: "meanwhile/9" }).send(sending, never);

    expect(sent).toMatchObject({ outcome: "accepted", statusCode: 200, responseHead: "ok" });
    const [{ method, path, headers, body } = expect.fail("nothing came")] = receiver.received;
    expect({ method, path, body }).toEqual({ method: "POST", path: "/hooks/a?b=c", body: sending.body });
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(sending.body)),
      "user-agent": "meanwhile/9",
      "webhook-id": sending.deliveryId,
      traceparent,
    });
    expect(String(headers["webhook-signature"]).split(" ")).toHaveLength(2);
    for (const secret of secrets) new Webhook(secret).verify(body, headers as Record<string, string>);
  });

  it("is stamped and signed anew at each attempt, under the same id", async () => {
    const receiver = await startReceiver();
    const clock = new ManualClock(Date.UTC(2026, 10, 22, 9));
    const channel = startChannel({ clock });
    const sending = makeSending(receiver.url);

    await channel.send(sending, never);
    clock.advance(600_000);
    await channel.send({ ...sending, attempt: 2 }, never);

    const [first, second] = receiver.received.map(({ headers }) => headers);
    expect(second!["webhook-id"]).toBe(first!["webhook-id"]);
    expect(Number(second!["webhook-timestamp"]) - Number(first!["webhook-timestamp"])).toBe(600);
    expect(second!["webhook-signature"]).not.toBe(first!["webhook-signature"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("uses the connections of those before", async () => {
    const receiver = await startReceiver();
    const channel = startChannel();

    for (let count = 0; count < 5; count++) await sendTo(channel, receiver.url);

    expect(receiver.received).toHaveLength(5);
    // Two, where the next began in the very turn in which the last was read.
    expect(receiver.connectionCount).toBeLessThanOrEqual(2);
  });

  it("keeps to its number of connections to one receiver", async () => {
    const held: (() => void)[] = [];
    const receiver = await startReceiver({ answer: (response) => void held.push(() => response.end()) });
    const channel = startChannel({ connectionsPerReceiver: 2 });

    const sent = Promise.all(Array.from({ length: 6 }, () => sendTo(channel, receiver.url)));
    for (let count = 1; count <= 6; count++) {
      const release = await until(() => held.shift(), { what: `sending ${count} has come` });
      expect(receiver.openConnections).toBeLessThanOrEqual(2);
      release();
    }

    expect((await sent).map(({ outcome }) => outcome)).toEqual(Array.from({ length: 6 }, () => "accepted"));
    expect(receiver.connectionCount).toBe(2);
  });

  it("that a fault of our own keeps from being made is an error, not a failure of the receiver", async () => {
    const receiver = await startReceiver();

    await expect(startChannel().send(makeSending(receiver.url, { secrets: ["nonsense"] }), never)).rejects.toThrow(
      TypeError,
    );
  });
});

describe("an answer", () => {
  it.each([
    [200, "accepted", null],
    [201, "accepted", null],
    [204, "accepted", null],
    [299, "accepted", null],
    [301, "failed", "The receiver answered 301; redirects are not followed."],
    [304, "failed", "The receiver answered 304; redirects are not followed."],
    [400, "failed", "The receiver answered 400."],
    [410, "gone", "The receiver answered 410: it wants no more."],
    [500, "failed", "The receiver answered 500."],
    [599, "failed", "The receiver answered 599."],
  ])("of %i is %s", async (code, outcome, error) => {
    const receiver = await startReceiver({ answer: status(code, { location: "/elsewhere" }) });

    expect(await sendTo(startChannel(), receiver.url)).toMatchObject({ outcome, statusCode: code, error });
    expect(receiver.received.map(({ path }) => path)).toEqual(["/"]);
  });

  it.each([
    [429, "7", 7_000],
    [503, "7", 7_000],
    [429, new Date(Date.now() + 3_600_000).toUTCString(), expect.closeTo(3_600_000, -4)],
    [429, "later", null],
    [500, "7", null],
    [200, "7", null],
  ])("of %i with Retry-After: %s asks for %j ms", async (code, header, retryAfterMs) => {
    const receiver = await startReceiver({ answer: status(code, { "retry-after": header }) });

    expect((await sendTo(startChannel(), receiver.url)).retryAfterMs).toEqual(retryAfterMs);
  });

  it("is kept up to a KiB, as text that every store can keep, without half a character", async () => {
    const receiver = await startReceiver({
      answer: (response) => void response.writeHead(500).end(`\0${"é".repeat(4_000)}`),
    });

    const { responseHead } = await sendTo(startChannel(), receiver.url);

    expect(responseHead).toBe(`\uFFFD${"é".repeat(511)}`);
  });

  it("without end is cut; its status counts", async () => {
    const endless: Answer = (response, _received, socket) => {
      response.writeHead(200);
      const more = () => void (socket.destroyed || response.write("x".repeat(65_536), () => setImmediate(more)));
      more();
    };
    const receiver = await startReceiver({ answer: endless });

    const sent = await sendTo(startChannel(), receiver.url);

    expect(sent).toMatchObject({ outcome: "accepted", responseHead: "x".repeat(1_024) });
    await until(() => receiver.openConnections === 0, { what: "the connection is given up" });
  });

  const LIES: Readonly<Record<string, [string, RegExp]>> = {
    "no HTTP at all": ["SSH-2.0-OpenSSH_9.9\r\n", /no HTTP/],
    nothing: ["", /closed the connection before its answer was complete \(UND_ERR_SOCKET\)/],
    "headers that never end": [
      `HTTP/1.1 200 OK\r\nx: ${"y".repeat(100_000)}`,
      /headers of the answer are too large|no HTTP/,
    ],
    "two lengths": ["HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", /not as long/],
    "a body shorter than it says": ["HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort", /closed the connection/],
    "a broken chunk": ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", /no HTTP/],
    "an upgrade that nobody asked for": ["HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", /./],
  };

  it.each(Object.entries(LIES))("that is %s is a failure in one line", async (_what, [bytes, error]) => {
    const url = await startRawReceiver((socket) => void socket.end(bytes));

    const sent = await sendTo(startChannel(), url);

    expect(sent).toMatchObject({ outcome: "failed", responseHead: null, error: expect.stringMatching(error) });
    expect(sent.error).not.toMatch(/\n|127\.0\.0\.1/);
  });

  it("that breaks off is a failure, whatever its status was: the receiver may have died over it", async () => {
    const breaking: Answer = (response, _received, socket) => {
      response.writeHead(200).write("half", () => socket.destroy());
    };
    const receiver = await startReceiver({ answer: breaking });

    expect(await sendTo(startChannel(), receiver.url)).toMatchObject({ outcome: "failed", statusCode: 200 });
  });
});

describe("time", () => {
  const HANGING: Readonly<Record<string, Answer>> = {
    "before the head": () => {},
    "after the head": (response) => void response.writeHead(200).flushHeaders(),
    "within the body": (response) => void response.writeHead(200).write("half"),
    "after one informational answer": (response) => response.writeProcessing(),
  };

  it.each(Object.entries(HANGING))("ends a receiver that hangs %s, and its connection", async (_what, answer) => {
    const receiver = await startReceiver({ answer });
    const clock = new ManualClock();
    const sending = sendTo(startChannel({ clock }), receiver.url);
    await until(() => receiver.received.length === 1, { what: "the receiver has the sending" });

    clock.advance(14_999);
    expect(receiver.openConnections).toBe(1);
    clock.advance(1);

    expect(await sending).toMatchObject({
      outcome: "failed",
      durationMs: 15_000,
      error: "The answer was not complete within 15000 ms.",
    });
    await until(() => receiver.openConnections === 0, { what: "the connection is closed" });
    await until(() => clock.pendingTimers === 0, { what: "no timer is left" });
  });

  it("ends the wait for a name that nobody resolves", async () => {
    const clock = new ManualClock();
    const channel = startChannel({ clock, resolve: () => new Promise(() => {}) });
    const sending = sendTo(channel, "http://slow.example.com/");

    await until(() => clock.pendingTimers === 2, { what: "the name is being looked up" });
    clock.advance(10_000);

    expect(await sending).toMatchObject({ outcome: "failed", error: "No connection within 10000 ms." });
    expect(clock.pendingTimers).toBe(0);
  });

  it("that was called off while connecting is over at once", async () => {
    const clock = new ManualClock();
    const channel = startChannel({ clock, resolve: () => new Promise(() => {}) });
    const controller = new AbortController();
    const sending = channel.send(makeSending("http://slow.example.com/"), controller.signal);
    await until(() => clock.pendingTimers === 2, { what: "the name is being looked up" });

    controller.abort();

    expect(await sending).toMatchObject({ outcome: "failed", error: "The sending was called off." });
    await until(() => clock.pendingTimers === 0, { what: "nobody connects any more" });
  });

  it("of closing is none: what is still connecting is given up", async () => {
    const clock = new ManualClock();
    const channel = startChannel({ clock, resolve: () => new Promise(() => {}) });
    const sending = sendTo(channel, "http://slow.example.com/");
    await until(() => clock.pendingTimers === 2, { what: "the name is being looked up" });

    await channel.close();

    expect((await sending).outcome).toBe("failed");
    await until(() => clock.pendingTimers === 0, { what: "nobody connects any more" });
  });
});

describe("a receiver that is not there", () => {
  it("is a failure, and is reached once it is back", async () => {
    const first = await startReceiver();
    const { port, url } = first;
    const channel = startChannel();
    await sendTo(channel, url);
    await first.close();

    const away = await sendTo(channel, url);
    const back = await startReceiver({ port });
    const again = await sendTo(channel, url);

    expect(away).toMatchObject({ outcome: "failed", statusCode: null });
    expect(away.error).toMatch(/refused|closed|reset/);
    expect(again.outcome).toBe("accepted");
    expect(back.received).toHaveLength(1);
  });

  it("by its name is a failure that says so", async () => {
    const gone = Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" });
    const channel = startChannel({ resolve: () => Promise.reject(gone) });

    expect(await sendTo(channel, "https://nowhere.example.com/")).toMatchObject({
      outcome: "failed",
      error: "The host's name does not resolve (ENOTFOUND).",
    });
  });
});

async function startRawReceiver(answer: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    // Cut connections are what these tests are about.
    socket.on("error", () => {});
    socket.once("data", () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
}
