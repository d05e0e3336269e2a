// Readers that go away before their stream has begun.
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { type Engine, type Job, LOCAL_PRINCIPAL, silentLogger, systemClock } from "@meanwhile/core";
import { until } from "@meanwhile/store-testkit";
import { expect, it, onTestFinished } from "vitest";
import { createSseChannel } from "./sse-channel.js";

it("a reader that went away while its job was looked up holds no stream and no place", async () => {
  let open = 0;
  const close = () => void open--;
  const subscribe = () => ({ cursor: 0, pause() {}, resume() {}, close, opened: open++ });
  const channel = createSseChannel({
    engine: { subscribe } as unknown as Engine,
    ...{ clock: systemClock, logger: silentLogger, random: () => 0, linkBase: "", streamsPerOwner: 1 },
    watchCredential: () => () => {},
  });
  let begun = false;
  const server = createServer((_request, response) => {
    response.once("close", () => {
      channel.followJob(response, { job: {} as Job, after: 0, principal: LOCAL_PRINCIPAL });
      begun = true;
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  await once(server, "request");

  socket.destroy();
  await until(() => begun, { what: "the stream was asked for" });

  expect({ open, streams: channel.load.streams }).toEqual({ open: 0, streams: 0 });
  channel.requireRoom(LOCAL_PRINCIPAL);
});
