// Following a job on servers that behave as badly as they can: every event once, in order, whatever happens.
import type { ServerResponse } from "node:http";
import type { JobEvent } from "@meanwhile/protocol";
import { Gate, until } from "@meanwhile/store-testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ClientOptions, ConnectionError, createClient, type JobHandle, type Notice } from "../index.js";
import {
  answerProblem,
  answerReading,
  beginStream,
  frameOf,
  heartbeat,
  JOB_ID,
  logOf,
  type ScriptedServer,
  type SeenRequest,
  startScriptedServer,
} from "../testing/scripted-server.js";

const LOG = logOf(6);

const follow = ({ url }: ScriptedServer, options: ClientOptions = {}) => {
  const notices: Notice[] = [];
  const client = createClient({
    baseUrl: url,
    retry: { initialDelayMs: 1, maxDelayMs: 5 },
    onNotice: (notice) => notices.push(notice),
    ...options,
    follow: { openWithinMs: 100, pollEveryMs: 5, longPollMs: 1_000, ...options.follow },
  });
  return { job: client.job(JOB_ID) as JobHandle<{ length: number }>, notices };
};

const seqsOf = async (events: AsyncIterable<JobEvent>): Promise<number[]> => {
  const seqs: number[] = [];
  for await (const { seq } of events) seqs.push(seq);
  return seqs;
};

const isStream = ({ headers }: SeenRequest) => headers.accept === "text/event-stream";
const afterOf = ({ path }: SeenRequest) => Number(new URL(path, "http://x").searchParams.get("after"));
const changes = (notices: readonly Notice[]) =>
  notices.flatMap((notice) => (notice.kind === "transport" ? [`${notice.from} to ${notice.to}`] : []));

/** Streams by the script, everything else as a real server would. */
const streamingServer = (
  stream: (response: ServerResponse, after: number, count: number) => void,
  log: readonly JobEvent[] = LOG,
) => {
  let streams = 0;
  return startScriptedServer((request, response) => {
    if (isStream(request)) stream(response, afterOf(request), ++streams);
    else if (!answerReading(request, response, log)) response.writeHead(404).end();
  });
};

describe("an event stream", () => {
  it("that is cut in the middle of an event goes on behind the last whole one", async () => {
    const server = await streamingServer((response, after, count) => {
      beginStream(response);
      const rest = LOG.slice(after);
      if (count > 2) return void response.end(rest.map(frameOf).join(""));
      response.write(frameOf(rest[0]!) + frameOf(rest[1]!).slice(0, -10), () => response.destroy());
    });
    const { job, notices } = follow(server);

    expect(await seqsOf(job.events())).toEqual([1, 2, 3, 4, 5, 6]);
    expect(server.seen.map(afterOf)).toEqual([0, 1, 2]);
    expect(changes(notices)).toEqual([]);
  });

  it("that repeats events yields them once", async () => {
    const server = await streamingServer((response) => {
      beginStream(response);
      response.end([...LOG.slice(0, 3), ...LOG.slice(0, 4), ...LOG].map(frameOf).join(""));
    });

    expect(await seqsOf(follow(server).job.events({ after: 1 }))).toEqual([2, 3, 4, 5, 6]);
  });

  it("that leaves events out is left for another way", async () => {
    const server = await streamingServer((response) => {
      beginStream(response);
      response.write(
        LOG.filter(({ seq }) => seq !== 3)
          .map(frameOf)
          .join(""),
      );
    });
    const { job, notices } = follow(server);

    expect(await seqsOf(job.events())).toEqual([1, 2, 3, 4, 5, 6]);
    expect(changes(notices)).toEqual(["sse to long-polling"]);
  });

  it("that a proxy holds back is left for long polling, in the middle of waiting", async () => {
    const server = await streamingServer(
      (response) => void response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders(),
    );
    const { job, notices } = follow(server);

    expect(await job.result()).toEqual({ length: 6 });
    expect(await seqsOf(job.events())).toEqual([1, 2, 3, 4, 5, 6]);
    expect(notices).toMatchObject([
      { kind: "transport", from: "sse", to: "long-polling", reason: "the stream does not come through" },
    ]);
  });

  it("that never answers at all is asked twice", async () => {
    const server = await streamingServer(() => {});
    const { job, notices } = follow(server);

    expect(await seqsOf(job.events())).toEqual([1, 2, 3, 4, 5, 6]);
    expect(server.seen.filter(isStream)).toHaveLength(2);
    expect(changes(notices)).toEqual(["sse to long-polling"]);
  });

  it("that falls silent in the middle is opened anew", async () => {
    const server = await streamingServer((response, after, count) => {
      beginStream(response);
      const rest = LOG.slice(after);
      if (count === 1) response.write(frameOf(rest[0]!));
      else response.end(rest.map(frameOf).join(""));
    });
    const { job, notices } = follow(server, { follow: { silenceMs: 60 } });

    expect(await seqsOf(job.events())).toEqual([1, 2, 3, 4, 5, 6]);
    expect(server.seen.map(afterOf)).toEqual([0, 1]);
    expect(changes(notices)).toEqual([]);
  });

  it("that says nothing but comments is alive", async () => {
    const rest = new Gate();
    const server = await streamingServer((response) => {
      beginStream(response);
      heartbeat(response, 15);
      void rest.passed.then(() => response.end(LOG.map(frameOf).join("")));
    });
    const { job } = follow(server, { follow: { silenceMs: 80 } });
    const begunAt = performance.now();
    const seqs = seqsOf(job.events());

    await until(() => performance.now() - begunAt > 250, { what: "three times the allowed silence has passed" });
    rest.open();

    expect(await seqs).toEqual([1, 2, 3, 4, 5, 6]);
    expect(server.seen).toHaveLength(1);
  });

  it.each([404, 405, 406, 501])("that is unknown (%i) is not asked for again", async (status) => {
    const server = await streamingServer((response) => void response.writeHead(status).end("no"));
    const { job, notices } = follow(server);

    await job.result();
    expect(await seqsOf(job.events())).toEqual([1, 2, 3, 4, 5, 6]);
    expect(server.seen.filter(isStream).length).toBeLessThanOrEqual(1);
    expect(changes(notices)).toEqual(["sse to long-polling"]);
  });

  it("is tried again after a while, by whoever is being followed", async () => {
    let isHealed = false;
    const server = await startScriptedServer((request, response) => {
      if (!isStream(request)) return void answerReading(request, response, LOG.slice(0, 3));
      if (!isHealed) return void response.writeHead(406).end();
      beginStream(response);
      response.end(LOG.slice(afterOf(request)).map(frameOf).join(""));
    });
    const { job, notices } = follow(server, { follow: { stepUpAfterMs: 50 } });
    const seqs = seqsOf(job.events());
    await until(() => changes(notices).includes("sse to long-polling"), { what: "streams are left" });

    isHealed = true;

    expect(await seqs).toEqual([1, 2, 3, 4, 5, 6]);
    expect(changes(notices)).toContain("long-polling to sse");
  });

  it("that ends at once, time and again, is not asked in a tight loop", async () => {
    const server = await streamingServer((response, _after, count) => {
      beginStream(response);
      response.end(count < 4 ? "" : LOG.map(frameOf).join(""));
    });

    expect(await seqsOf(follow(server).job.events())).toEqual([1, 2, 3, 4, 5, 6]);
    expect(server.seen).toHaveLength(4);
  });

  it("of a job that is over needs no event: 204", async () => {
    const server = await streamingServer((response) => void response.writeHead(204).end());

    expect(await seqsOf(follow(server).job.events({ after: 6 }))).toEqual([]);
    expect(await follow(server).job.result()).toEqual({ length: 6 });
  });

  it("a storm of 503 is waited out, as long as the server asks", async () => {
    const server = await streamingServer((response, _after, count) => {
      if (count < 4) return answerProblem(response, { status: 503, code: "store_unavailable" }, { "retry-after": "0" });
      beginStream(response);
      response.end(LOG.map(frameOf).join(""));
    });
    const { job, notices } = follow(server);

    expect(await seqsOf(job.events())).toEqual([1, 2, 3, 4, 5, 6]);
    expect(notices).toMatchObject([{ kind: "away", jobId: JOB_ID }]);
  });

  it("a server that stays away is given up", async () => {
    const server = await streamingServer((response) =>
      answerProblem(response, { status: 503, code: "shutting_down" }, { "retry-after": "0" }),
    );
    const { job } = follow(server, { follow: { giveUpAfterMs: 0 } });

    await expect(seqsOf(job.events())).rejects.toMatchObject({ code: "shutting_down", status: 503 });
  });

  it("a server that asks for months is not asked in a tight loop, and given up in time", async () => {
    const server = await streamingServer((response) =>
      answerProblem(response, { status: 503, code: "shutting_down" }, { "retry-after": "9999999" }),
    );
    const { job } = follow(server, { follow: { giveUpAfterMs: 200 } });

    await expect(seqsOf(job.events())).rejects.toMatchObject({ code: "shutting_down" });
    expect(server.seen).toHaveLength(2);
  });

  it("events that are missing everywhere are an error, not an endless loop", async () => {
    const holes = LOG.filter(({ seq }) => seq !== 3);
    const server = await streamingServer((response) => {
      beginStream(response);
      response.end(holes.map(frameOf).join(""));
    }, holes);
    const { job } = follow(server);

    const failed = seqsOf(job.events());

    await expect(failed).rejects.toThrow(ConnectionError);
    await expect(failed).rejects.toThrow("event 3 is missing, 4 came");
  }, 60_000);
});

describe("rounds", () => {
  it("a server that does not wait is not asked in a tight loop", async () => {
    let log: readonly JobEvent[] = LOG.slice(0, 2);
    const server = await startScriptedServer((request, response) => void answerReading(request, response, log));
    const { job } = follow(server, { transport: "long-polling", follow: { pollEveryMs: 40 } });
    const begunAt = performance.now();
    const seqs = seqsOf(job.events());

    await until(() => performance.now() - begunAt > 300, { what: "a while has passed" });
    const asked = server.seen.length;
    log = LOG;

    expect(await seqs).toEqual([1, 2, 3, 4, 5, 6]);
    expect(asked).toBeLessThan(14);
  });

  it("an answer of something else in between is no event", async () => {
    const server = await startScriptedServer((request, response, count) => {
      if (count % 2 === 1) response.writeHead(502, { "content-type": "text/html" }).end("<html>");
      else answerReading(request, response, LOG);
    });

    expect(await seqsOf(follow(server, { transport: "polling" }).job.events())).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe("whatever a stream does", () => {
  /** One connection: which events it sends, and how it ends. */
  const connection = fc.record({
    drop: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 2 }),
    again: fc.integer({ min: 0, max: 4 }),
    most: fc.integer({ min: 0, max: 6 }),
    tear: fc.integer({ min: 0, max: 200 }),
    end: fc.constantFrom("end", "destroy", "503", "406"),
  });

  it("every event comes once and in order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(connection, { maxLength: 6 }), async (script) => {
        const server = await streamingServer((response, after, count) => {
          const act = script[count - 1];
          if (act?.end === "503")
            return answerProblem(response, { status: 503, code: "internal" }, { "retry-after": "0" });
          if (act?.end === "406") return void response.writeHead(406).end();
          beginStream(response);
          if (act === undefined) return void response.end(LOG.slice(after).map(frameOf).join(""));
          const from = Math.max(0, after - act.again);
          const frames = LOG.slice(from, from + act.most)
            .filter(({ seq }) => !act.drop.includes(seq))
            .map(frameOf);
          const text = frames.join("");
          if (act.end === "end") response.end(text);
          else response.write(text.slice(0, Math.max(0, text.length - act.tear)), () => response.destroy());
        });
        const { job } = follow(server, { follow: { stepUpAfterMs: 5 } });

        expect(await seqsOf(job.events())).toEqual([1, 2, 3, 4, 5, 6]);
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});
