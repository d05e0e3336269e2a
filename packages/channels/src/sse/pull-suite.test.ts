// The promises of a pull channel, kept by server-sent events: a server of node:http, a reader of raw bytes.
import { createServer, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { AppError, silentLogger } from "@meanwhile/core";
import { createParser } from "eventsource-parser";
import { onTestFinished } from "vitest";
import type { PullService } from "../testkit/pull-service.js";
import { describePullChannel, type PullClient, type PullEnd, type PullServer } from "../testkit/pull-suite.js";
import { createSseChannel } from "./sse-channel.js";

describePullChannel("server-sent events", startSseServer);

async function startSseServer(service: PullService): Promise<PullServer> {
  const { engine, clock } = service;
  const channel = createSseChannel({
    ...{ engine, clock, logger: silentLogger, random: Math.random, linkBase: "" },
    watchCredential: () => () => {},
  });
  const server = createServer(async (request, response) => {
    const principal = service.principalOf(request.headers.authorization === "shop" ? "shop" : "acme");
    const after = Number(request.headers["last-event-id"] ?? 0);
    try {
      const job = await engine.get(request.url!.slice(1), { principal });
      channel.followJob(response, { job, after, principal });
    } catch (error) {
      response.writeHead(400).end(error instanceof AppError ? error.code : String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return {
    follow: (jobId, { owner, after }) => follow(`http://127.0.0.1:${port}/${jobId}`, { owner, after }),
    drain: () => channel.drain(),
  };
}

function follow(url: string, { owner, after }: { owner: string; after: number }): PullClient {
  const events: { seq: number; type: string }[] = [];
  let response: IncomingMessage | undefined;
  const parser = createParser({ onEvent: ({ data }) => events.push(JSON.parse(data)) });
  const request = get(url, { headers: { authorization: owner, "last-event-id": String(after) } });
  const ended = new Promise<PullEnd>((resolve) => {
    request.on("error", () => resolve({ kind: "lost" }));
    request.on("response", (answer) => {
      response = answer;
      let refusal = "";
      answer.setEncoding("utf8");
      answer.on("data", (text: string) => {
        if (answer.statusCode === 200) parser.feed(text);
        else refusal += text;
      });
      answer.on("error", () => resolve({ kind: "lost" }));
      answer.on("end", () => {
        if (answer.statusCode !== 200) return resolve({ kind: "refused", code: refusal });
        const isOver = events.at(-1)?.type === "job.completed" || (events.length === 0 && after > 2);
        resolve({ kind: isOver ? "finished" : "lost" });
      });
    });
  });
  return {
    events,
    ended,
    stall: () => response?.pause(),
    read: () => response?.resume(),
    cut: () => request.destroy(),
  };
}
