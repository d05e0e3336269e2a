// The floor for event streams: node:http alone, the same head and opening, the same frames, a list of whom to write to.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { FollowedContender, LiveChunk, StoreAddress } from "../contender.js";

const HEARTBEAT_MS = 15_000;

export async function openBareSse(_store: StoreAddress): Promise<FollowedContender> {
  const readers = new Map<string, Set<ServerResponse>>();
  const server = createServer((request, response) => follow(readers, request.url ?? "", response));
  const heartbeat = setInterval(() => {
    for (const responses of readers.values()) for (const response of responses) response.write(": still here\n\n");
  }, HEARTBEAT_MS);
  const addJob = () => {
    const path = `/api/v2/jobs/${randomUUID()}/events`;
    readers.set(path, new Set());
    return path;
  };
  return {
    port: await listen(server),
    waitingJobs: async (count) => Array.from({ length: count }, addJob),
    async liveJob() {
      const path = addJob();
      const jobId = path.split("/")[4] ?? "";
      return {
        path,
        async emit(chunk) {
          const frame = frameOf(jobId, chunk);
          for (const response of readers.get(path) ?? []) response.write(frame);
        },
      };
    },
    async close() {
      clearInterval(heartbeat);
      server.closeAllConnections();
      server.close();
    },
  };
}

function follow(readers: Map<string, Set<ServerResponse>>, path: string, response: ServerResponse): void {
  const followers = readers.get(path);
  if (followers === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, {
    "x-request-id": randomUUID(),
    vary: "Accept, Prefer, Authorization",
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
    connection: "close",
  });
  response.write(": meanwhile\n\nretry: 2000\n\n");
  followers.add(response);
  response.on("close", () => followers.delete(response));
  // A reader that went away in the middle of a write.
  response.on("error", () => {});
}

/** The same bytes for everybody, made once. */
function frameOf(jobId: string, chunk: LiveChunk): Buffer {
  const seq = chunk.index + 3;
  const event = {
    ...{ jobId, seq, type: "job.output", status: "PROCESSING", at: new Date().toISOString(), attempt: 1 },
    data: { chunk },
  };
  return Buffer.from(`id: ${seq}\nevent: job.output\ndata: ${JSON.stringify(event)}\n\n`);
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The bare server has no port.");
  return address.port;
}
