// Requests that begin and do not end, on a bare HTTP/2 connection.
import { type ClientHttp2Stream, connect as connectHttp2 } from "node:http2";
import { status } from "@grpc/grpc-js";
import { ManualClock, until } from "@meanwhile/store-testkit";
import { expect, it, onTestFinished } from "vitest";
import { principalOf, startTestGrpcServer, type TestGrpcServerOptions } from "./testing/test-grpc-server.js";

/** Says that two megabytes come, and sends less. */
async function beginCall(options: TestGrpcServerOptions, path: string, headers = {}) {
  const { address } = await startTestGrpcServer(options);
  const session = connectHttp2(`http://${address}`);
  onTestFinished(() => session.destroy());
  const said = { "content-type": "application/grpc", te: "trailers", ...headers };
  const stream = session.request({ ":method": "POST", ":path": path, ...said });
  const answer = statusOf(stream);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(2_000_000, 1);
  stream.write(head);
  return { stream, answer };
}

function statusOf(stream: ClientHttp2Stream): () => Promise<number> {
  let code: number | undefined;
  stream.on("response", (headers) => {
    code = Number(headers["grpc-status"]);
  });
  // The server lets go of the rest.
  stream.on("error", () => {});
  stream.resume();
  return () => until(() => code, { what: "the call has ended" });
}

const TOKENS = { ada: principalOf("ada") };

it("a caller whom nobody knows is refused before anything of the request is read", async () => {
  const { answer } = await beginCall({ tokens: TOKENS }, "/meanwhile.v2.Jobs/CreateJob");

  expect(await answer()).toBe(status.UNAUTHENTICATED);
});

it.each([
  ["of a known caller", "/meanwhile.v2.Jobs/CreateJob", 30_000],
  ["to health", "/grpc.health.v1.Health/Check", 2_000],
  ["to reflection", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", 10_000],
])("a request %s must arrive in time", async (_what, path, withinMs) => {
  const clock = new ManualClock();
  const { answer } = await beginCall({ tokens: TOKENS, clock }, path, { authorization: "Bearer ada" });
  await until(() => clock.pendingTimers > 0, { what: "the request has begun" });

  clock.advance(withinMs);

  expect(await answer()).toBe(status.DEADLINE_EXCEEDED);
});
