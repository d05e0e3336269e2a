// The promises of a pull channel, kept by gRPC: WatchJob, read by the client of grpc-js.
import { status } from "@grpc/grpc-js";
import { describePullChannel, type PullEnd, type PullServer, type PullService } from "@meanwhile/channels/testkit";
import { onTestFinished } from "vitest";
import { createGrpcServer } from "./create-grpc-server.js";
import { CallError, connect } from "./testing/test-client.js";

describePullChannel("gRPC", startPullServer);

async function startPullServer(service: PullService): Promise<PullServer> {
  const { engine, clock, ids } = service;
  const server = createGrpcServer({
    ...{ engine, clock, ids },
    authenticator: {
      isClosed: () => true,
      authenticate: (authorization) => service.principalOf(authorization === "Bearer shop" ? "shop" : "acme"),
    },
    liveCredentials: { watch: () => () => {} },
  });
  onTestFinished(() => server.close());
  const address = await server.listen({ port: 0 });
  return {
    follow(jobId, { owner, after }) {
      const events: { seq: number; type: string }[] = [];
      const stream = connect(address, { token: owner }).stream("WatchJob", { job_id: jobId, after_seq: after });
      stream.on("data", (update) => events.push(update));
      const ended = new Promise<PullEnd>((resolve) => {
        stream.on("error", (error) => resolve(endOfError(new CallError(error as never))));
        stream.on("end", () => resolve({ kind: "finished" }));
      });
      return {
        events,
        ended,
        stall: () => void stream.pause(),
        read: () => void stream.resume(),
        cut: () => stream.cancel(),
      };
    },
    drain: server.drain,
  };
}

/** What may come right by itself is no refusal. */
function endOfError({ code, details }: CallError): PullEnd {
  const reason: string | undefined = details.ErrorInfo?.reason;
  if (reason === undefined || code === status.UNAVAILABLE || code === status.CANCELLED) return { kind: "lost" };
  return { kind: "refused", code: reason.toLowerCase() };
}
