// Clients that break the rules of RFC 6455, on a bare connection: each is closed by itself, with the code of the standard.
import { describe, expect, it } from "vitest";
import { connectRaw, OPCODES, type RawFrame, rawFrame } from "../testing/raw-socket.js";
import { startSocketServer } from "../testing/socket-server.js";
import { connectPeer } from "../testing/web-socket.js";

const closeWith = (code: number, reason = ""): RawFrame => {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return { opcode: OPCODES.close, payload };
};

const text = Buffer.from('{"op":"submit","ref":1,"type":"echo"}');

describe("a client is closed that sends", () => {
  it.each<[string, RawFrame[], number]>([
    ["a frame without a mask", [{ opcode: OPCODES.text, payload: text, masked: false }], 1002],
    ["a reserved bit", [{ opcode: OPCODES.text, payload: text, reserved: 4 }], 1002],
    ["an unknown opcode", [{ opcode: 3, payload: text }], 1002],
    ["text that is no UTF-8", [{ opcode: OPCODES.text, payload: Buffer.from([0xc3, 0x28]) }], 1007],
    ["a ping of 126 bytes", [{ opcode: OPCODES.ping, payload: Buffer.alloc(126) }], 1002],
    ["a ping in pieces", [{ opcode: OPCODES.ping, fin: false }], 1002],
    ["a continuation of nothing", [{ opcode: OPCODES.continuation, payload: text }], 1002],
    [
      "a new message inside another",
      [
        { opcode: OPCODES.text, payload: text, fin: false },
        { opcode: OPCODES.text, payload: text },
      ],
      1002,
    ],
    ["the close code 1005", [closeWith(1005)], 1002],
    ["the close code 999", [closeWith(999)], 1002],
    ["the close code 5000", [closeWith(5000)], 1002],
    ["a close of one byte", [{ opcode: OPCODES.close, payload: Buffer.alloc(1) }], 1002],
    ["a reason that is no UTF-8", [{ opcode: OPCODES.close, payload: Buffer.from([3, 232, 0xc3, 0x28]) }], 1007],
  ])("%s", async (_what, frames, code) => {
    const { url, complaints } = await startSocketServer();
    const socket = await connectRaw(url);
    const other = await connectPeer(url);

    for (const frame of frames) socket.write(rawFrame(frame));

    expect((await socket.closed())?.code).toBe(code);
    // Nobody else notices.
    other.say({ op: "submit", type: "echo" });
    await other.hears(({ op }) => op === "submitted", "submitted");
    expect(complaints).toEqual([]);
  });

  it("a message beyond a megabyte, with 1009", async () => {
    const { url } = await startSocketServer();
    const peer = await connectPeer(url);

    peer.socket.send(Buffer.alloc(1024 * 1024 + 1, 0x20).toString());

    expect((await peer.closed()).code).toBe(1009);
  });

  it("the head of such a message alone, before any of it is kept", async () => {
    const { url } = await startSocketServer();
    const socket = await connectRaw(url);
    const head = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4]);

    socket.write(head);

    expect((await socket.closed())?.code).toBe(1009);
  });
});

describe("a client is understood that sends", () => {
  it("a message in pieces, with pings between them", async () => {
    const { url } = await startSocketServer();
    const socket = await connectRaw(url);

    socket.write(rawFrame({ opcode: OPCODES.text, payload: text.subarray(0, 5), fin: false }));
    socket.write(rawFrame({ opcode: OPCODES.ping, payload: Buffer.from("hello") }));
    socket.write(rawFrame({ opcode: OPCODES.continuation, payload: text.subarray(5) }));
    socket.write(rawFrame(closeWith(1000)));

    expect((await socket.closed())?.code).toBe(1000);
  });

  it("its head byte by byte", async () => {
    const { url } = await startSocketServer();
    const socket = await connectRaw(url);

    for (const byte of rawFrame(closeWith(4000, "bye"))) socket.write(Buffer.of(byte));

    expect(await socket.closed()).toEqual({ code: 4000, reason: "bye" });
  });
});

it("a subprotocol that nobody speaks is not agreed to, and the connection closes with 1002", async () => {
  const { url } = await startSocketServer();

  const socket = await connectRaw(url, { "sec-websocket-protocol": "graphql-ws, mqtt" });
  socket.write(rawFrame(closeWith(1002)));

  expect(socket.answer).toMatch(/^HTTP\/1\.1 101 /);
  expect(socket.answer.toLowerCase()).not.toContain("sec-websocket-protocol");
  expect((await socket.closed())?.code).toBe(1002);
});

it("an extension that is offered is not agreed to", async () => {
  const { url } = await startSocketServer();

  const socket = await connectRaw(url, { "sec-websocket-extensions": "permessage-deflate" });

  expect(socket.answer.toLowerCase()).not.toContain("extensions");
});
