// Connections that do nothing, read nothing or leave: each is bounded, and each ends.
import type { Engine } from "@meanwhile/core";
import type { JobEvent } from "@meanwhile/protocol";
import { ManualClock, until } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { connectRaw, OPCODES, rawFrame } from "../testing/raw-socket.js";
import { person, startSocketServer } from "../testing/socket-server.js";
import { connectStuck } from "../testing/stuck-socket.js";
import { connectPeer, refusedHandshake } from "../testing/web-socket.js";

const TOKENS = { ada: { owner: "ada" }, bob: { owner: "bob" } };

const say = (message: object) => rawFrame({ opcode: OPCODES.text, payload: Buffer.from(JSON.stringify(message)) });

describe("a client that says nothing", () => {
  it.each(["meanwhile.v2", "v12.stomp"])(
    "in %s is closed with 4401 when the first message is due",
    async (protocol) => {
      const clock = new ManualClock();
      const { url } = await startSocketServer({ clock, tokens: TOKENS });
      const peer = await connectPeer(url, { protocols: protocol });

      clock.advance(9_999);
      expect(peer.heard).toEqual([]);
      clock.advance(1);

      expect((await peer.closed()).code).toBe(4401);
      expect(peer.heard[0]).toMatch(/unauthenticated/);
    },
  );

  it("but need not say who it is, may stay", async () => {
    const clock = new ManualClock();
    const { url } = await startSocketServer({ clock });
    const peer = await connectPeer(url);

    clock.advance(14_000);
    peer.say({ op: "submit", type: "echo" });

    await peer.hears(({ op }) => op === "submitted", "submitted");
  });

  it("is asked by a ping whether it is there, and cut where it does not answer", async () => {
    const clock = new ManualClock();
    const { url, channel } = await startSocketServer({ clock });
    const silent = await connectRaw(url);
    const alive = await connectPeer(url);
    let pings = 0;
    alive.socket.on("ping", () => pings++);

    for (let count = 1; count <= 4; count++) {
      clock.advance(20_000);
      await until(() => pings === count, { what: `ping ${count} came` });
    }

    expect(await silent.closed()).toBeUndefined();
    expect(channel.connections).toBe(1);
  });
});

describe("a client that does not read", () => {
  it("is sent a little, then nothing; after a while it is cut with 4429, and resumes by its cursor", async () => {
    const clock = new ManualClock();
    const { url, submit, engine, remarks, written } = await startSocketServer({ clock });
    const { id } = await submit("chunks", { count: 200, bytes: 60_000 });
    await engine.wait(id, { principal: person("local"), timeoutMs: 20_000 });
    const socket = await connectRaw(url);
    socket.stopReading();
    socket.write(say({ op: "follow", jobId: id }));

    // The kernel takes some megabytes; time passes only while nothing moves.
    let still = { bytes: 0, looks: 0 };
    await until(
      () => {
        const { bytes, waiting } = written();
        still = { bytes, looks: bytes === still.bytes && waiting > 0 ? still.looks + 1 : 0 };
        if (still.looks > 10) clock.advance(5_000);
        return remarks.includes("a reader that did not read was cut");
      },
      { what: "the server gives up", limitMs: 10_000 },
    );
    socket.readOn();
    socket.write(rawFrame({ opcode: OPCODES.close, payload: Buffer.from([0x11, 0x4d]) }));

    expect((await socket.closed())?.code).toBe(4429);
    const seen = eventsIn(socket.texts());
    expect(seen.length).toBeLessThan(200);
    const again = await connectPeer(url);
    again.say({ op: "follow", jobId: id, after: seen.at(-1) });
    await again.hears(({ op }) => op === "end", "end");
    expect([...seen, ...eventsIn(again.heard)]).toEqual(Array.from({ length: 203 }, (_, at) => at + 1));
  });

  it("costs next to nothing, however many there are and however much they do not read", async () => {
    const { submit, engine, channel } = await startSocketServer();
    const { id } = await submit("chunks", { count: 300, bytes: 60_000 });
    await engine.wait(id, { principal: person("local"), timeoutMs: 20_000 });
    const before = process.memoryUsage().rss;

    const sockets = Array.from({ length: 500 }, () => connectStuck(channel));
    await until(() => channel.connections === 500, { what: "all of them are connected" });
    for (const socket of sockets) socket.push(say({ op: "follow", jobId: id }));
    await until(() => sockets.every((socket) => socket.writableLength > 64 * 1024), { what: "all of them follow" });
    const reader = await startReader(engine, id);

    expect(reader).toBe(303);
    expect(Math.max(...sockets.map((socket) => socket.writableLength))).toBeLessThan(128 * 1024);
    // Nine gigabytes would wait otherwise; what does wait is shared by all of them.
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
    for (const socket of sockets) socket.destroy();
  });

  it("but sends commands is read no further once a little waits", async () => {
    const { engine, channel } = await startSocketServer();
    const socket = connectStuck(channel);
    await until(() => channel.connections === 1, { what: "it is connected" });

    for (let count = 0; count < 1_000; count++) {
      socket.push(say({ op: "submit", type: "echo", parameters: { large: "x".repeat(10_000) } }));
    }

    await until(() => socket.writableLength > 64 * 1024, { what: "answers wait" });
    await until(
      () => engine.list({ limit: 200 }, { principal: person("local") }).then(({ items }) => items.length > 5),
      {
        what: "some were submitted",
      },
    );
    expect(socket.writableLength).toBeLessThan(3 * 1024 * 1024);
    socket.destroy();
  });
});

function eventsIn(texts: readonly string[]): number[] {
  return texts.flatMap((text) =>
    text.startsWith('{"op":"event"') ? [(JSON.parse(text) as { event: JobEvent }).event.seq] : [],
  );
}

/** Reads the job to its end beside all the others. */
async function startReader(engine: Engine, jobId: string): Promise<number> {
  let count = 0;
  for await (const _ of engine.follow(jobId, { principal: person("local") })) count++;
  return count;
}

describe("connections of one owner", () => {
  it("are limited, whichever way the owner is told", async () => {
    const { url } = await startSocketServer({ tokens: TOKENS, connectionsPerOwner: 1 });
    const ada = { headers: { authorization: "Bearer ada" } };
    const first = await connectPeer(url, ada);

    const refused = await refusedHandshake(url, ada);
    const late = await connectPeer(url);
    late.say({ op: "auth", token: "ada" });

    expect(refused).toMatchObject({ status: 429, problem: { code: "rate_limited" } });
    expect(refused.headers["retry-after"]).toBe("5");
    expect((await late.closed()).code).toBe(4429);
    const bob = await connectPeer(url, { headers: { authorization: "Bearer bob" } });
    bob.say({ op: "submit", type: "echo" });
    await bob.hears(({ op }) => op === "submitted", "submitted");
    first.socket.close();
    await first.closed();
    const next = await connectPeer(url, ada);
    next.say({ op: "submit", type: "echo" });
    await next.hears(({ op }) => op === "submitted", "submitted");
  });
});

describe("a drain", () => {
  it("answers what was received, then closes with 1001", async () => {
    const gate = { open: () => {} };
    const passed = new Promise<void>((resolve) => {
      gate.open = resolve;
    });
    const { url, channel } = await startSocketServer({
      engine: (real) => ({
        ...real,
        async submit(envelope, options) {
          const submitted = await real.submit(envelope, options);
          await passed;
          return submitted;
        },
      }),
    });
    const busy = await connectPeer(url);
    const idle = await connectPeer(url);
    busy.say({ op: "submit", ref: "r", type: "echo" });
    busy.say({ op: "cancel", ref: "c", jobId: "none" });
    await busy.hears(({ ref }) => ref === "c", "that there is no such job");

    channel.drain();
    expect((await idle.closed()).code).toBe(1001);
    gate.open();

    expect((await busy.closed()).code).toBe(1001);
    expect(busy.heard.at(-1)).toContain('"op":"submitted"');
  });
});

it("a client that leaves takes everything with it", async () => {
  const clock = new ManualClock();
  const { url, submit, channel } = await startSocketServer({ clock, tokens: TOKENS });
  const { id } = await submit("gated", { gate: "g" }, "ada");
  const socket = await connectRaw(url, { authorization: "Bearer ada" });
  socket.write(say({ op: "follow", jobId: id }));
  await until(() => socket.texts().length === 3, { what: "it follows" });

  socket.leave();

  await until(() => channel.connections === 0, { what: "the connection is gone" });
  clock.advance(5_000);
  expect(clock.pendingTimers).toBe(0);
});
