// The receiver behind real sockets, with deliveries signed by the reference implementation of the standard.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { JobEvent, JobResource, WebhookBody } from "@meanwhile/protocol";
import { Gate } from "@meanwhile/store-testkit";
import { Webhook } from "standardwebhooks";
import { describe, expect, it, onTestFinished } from "vitest";
import { createClient, JobFailedError, TimeoutError, type WebhookReceiverOptions } from "../index.js";
import { answerJson, answerProblem, JOB_ID, startScriptedServer } from "../testing/scripted-server.js";

const SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

const bodyOf = (event: Partial<JobEvent>): WebhookBody => {
  const whole = {
    jobId: JOB_ID,
    seq: 3,
    type: "job.completed",
    status: "COMPLETED",
    at: "2026-11-22T09:00:00.000Z",
    attempt: 1,
    data: { result: { n: 1 } },
    ...event,
  } as JobEvent;
  return { type: whole.type, timestamp: whole.at, data: { event: whole, job: { id: whole.jobId } as JobResource } };
};

const signed = (body: WebhookBody | string, { id = "msg_1", secret = SECRET } = {}) => {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const at = new Date();
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": new Webhook(secret).sign(id, at, text),
  };
  return { method: "POST", headers, body: text };
};

/** A server whose job is `job`, and a receiver in front of it on a socket of its own. */
async function setUp({
  job = { status: "PROCESSING" } as object,
  ...options
}: Partial<WebhookReceiverOptions> & { job?: object } = {}) {
  let current = job;
  const api = await startScriptedServer((_request, response) =>
    "status" in current
      ? answerJson(response, { id: JOB_ID, lastSeq: 2, result: null, error: null, ...current })
      : answerProblem(response, { status: 404, code: "job_not_found" }),
  );
  const client = createClient({ baseUrl: api.url, retry: false });
  const receiver = client.webhookReceiver({ secret: SECRET, ...options });
  const server = createServer((request, response) => void receiver.nodeHandler(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const deliver = async (init: RequestInit) => (await fetch(url, init)).status;
  const becomes = (next: object) => {
    current = next;
  };
  return { api, receiver, deliver, url, becomes };
}

describe("deliveries", () => {
  it("give the result to whoever waits, and to whoever asks later", async () => {
    const { receiver, deliver, api } = await setUp();
    const waiting = receiver.result(JOB_ID);

    expect(await deliver(signed(bodyOf({})))).toBe(204);

    expect(await waiting).toEqual({ n: 1 });
    const asked = api.seen.length;
    expect(await receiver.result(JOB_ID)).toEqual({ n: 1 });
    expect(api.seen.length).toBe(asked);
  });

  it("are handed on once, however often they come", async () => {
    const seen: number[] = [];
    const { deliver } = await setUp({ onDelivery: ({ data }) => void seen.push(data.event.seq) });
    const init = signed(bodyOf({ seq: 3 }));

    const statuses = [
      await deliver(init),
      await deliver(init),
      await deliver(signed(bodyOf({ seq: 2, type: "job.started", status: "PROCESSING" }), { id: "msg_0" })),
    ];

    expect(statuses).toEqual([204, 204, 204]);
    expect(seen).toEqual([3, 2]);
  });

  it("that come while their double is being taken share its fate", async () => {
    const gate = new Gate();
    const begun = new Gate();
    let calls = 0;
    const { deliver } = await setUp({
      onDelivery: async () => {
        calls++;
        begun.open();
        await gate.passed;
      },
    });
    const init = signed(bodyOf({}));
    const first = deliver(init);
    await begun.passed;
    const second = deliver(init);

    gate.open();

    expect(await Promise.all([first, second])).toEqual([204, 204]);
    expect(calls).toBe(1);
  });

  it("that could not be handled come again", async () => {
    let calls = 0;
    const refusals: unknown[] = [];
    const { deliver, receiver } = await setUp({
      onRefusal: (error) => refusals.push(error),
      onDelivery: () => {
        if (++calls === 1) throw new Error("the disk is full");
      },
    });
    const init = signed(bodyOf({}));

    expect([await deliver(init), await deliver(init)]).toEqual([500, 204]);
    expect(refusals).toMatchObject([{ message: "the disk is full" }]);
    expect(await receiver.result(JOB_ID)).toEqual({ n: 1 });
  });

  it("that are forged, unreadable or too large are refused and change nothing", async () => {
    const { deliver, receiver, url } = await setUp({ maxBodyBytes: 2_000, onDelivery: () => expect.unreachable() });
    const forged = signed(bodyOf({}), { secret: "whsec_/////////////////////////////////////////w==" });

    const statuses = [
      await deliver(forged),
      await deliver(signed("{}")),
      await deliver(signed(bodyOf({ data: { result: "x".repeat(3_000) } }))),
      await deliver({ method: "GET" }),
    ];
    const text = await (await fetch(url, forged)).text();

    expect(statuses).toEqual([400, 400, 413, 400]);
    expect(text).toMatch(/^no_match: No signature fits/);
    await expect(receiver.result(JOB_ID, { timeoutMs: 20 })).rejects.toThrow(TimeoutError);
  });

  it("behind a body parser say what to mend", async () => {
    const { receiver } = await setUp();
    const init = signed(bodyOf({}));
    const answers: [number, string][] = [];
    const response = { writeHead: (status: number) => ({ end: (text: string) => answers.push([status, text]) }) };

    await receiver.nodeHandler({ headers: init.headers, body: JSON.parse(init.body) } as never, response);

    expect(answers).toEqual([[500, expect.stringContaining("mount the receiver in front of body parsers")]]);
  });

  it("come by Fetch, too", async () => {
    const { receiver } = await setUp();

    const answer = await receiver.fetchHandler(new Request("http://localhost/hook", signed(bodyOf({}))));

    expect(answer.status).toBe(204);
    expect(await receiver.result(JOB_ID)).toEqual({ n: 1 });
  });

  it("by Fetch, a body without end is refused as soon as it is too large", async () => {
    const { receiver } = await setUp({ maxBodyBytes: 1_000 });
    const { headers } = signed(bodyOf({}));
    let pulled = 0;
    const body = new ReadableStream({
      pull: (controller) => {
        pulled++;
        controller.enqueue(new Uint8Array(400));
      },
    });

    const request = new Request("http://localhost/hook", {
      method: "POST",
      headers,
      body,
      duplex: "half",
    } as RequestInit);
    const answer = await receiver.fetchHandler(request);

    expect(answer.status).toBe(413);
    expect(pulled).toBeLessThan(6);
  });
});

describe("results", () => {
  it("a failed job throws its own error", async () => {
    const { receiver, deliver } = await setUp();
    const waiting = receiver.result(JOB_ID);
    const failed = expect(waiting).rejects.toMatchObject({ code: "no_way", message: "No.", jobId: JOB_ID });

    await deliver(
      signed(bodyOf({ type: "job.failed", status: "FAILED", data: { error: { code: "no_way", message: "No." } } })),
    );

    await failed;
    await expect(waiting).rejects.toThrow(JobFailedError);
  });

  it("a result that stayed behind is fetched", async () => {
    const { receiver, deliver, becomes } = await setUp();
    const waiting = receiver.result(JOB_ID);
    await deliver(
      signed(bodyOf({ seq: 2, type: "job.progress", status: "PROCESSING", data: { progress: 0.5 } }), { id: "msg_0" }),
    );

    becomes({ status: "COMPLETED", result: { text: "large" } });
    await deliver(signed(bodyOf({ data: { result: null, resultUrl: "/elsewhere" } as never })));

    expect(await waiting).toEqual({ text: "large" });
  });

  it("a job that had ended before needs no delivery", async () => {
    const { receiver } = await setUp({ job: { status: "COMPLETED", result: 7 } });

    expect(await receiver.result(JOB_ID)).toBe(7);
  });

  it("a delivery that never comes is made up for by reading the job at the deadline", async () => {
    const { receiver, becomes, api } = await setUp();
    const waiting = receiver.result(JOB_ID, { timeoutMs: 150 });
    await expect.poll(() => api.seen.length).toBe(1);

    becomes({ status: "COMPLETED", result: 7 });

    expect(await waiting).toBe(7);
  });

  it("a job that is still under way at the deadline is a TimeoutError with its status", async () => {
    const { receiver } = await setUp();

    await expect(receiver.result(JOB_ID, { timeoutMs: 20 })).rejects.toMatchObject({
      status: "PROCESSING",
      timeoutMs: 20,
    });
  });

  it("what is remembered is bounded", async () => {
    const seen: string[] = [];
    const { deliver } = await setUp({ rememberedDeliveries: 2, onDelivery: ({ data }) => void seen.push(data.job.id) });
    for (const id of ["a", "b", "c"]) await deliver(signed(bodyOf({ jobId: id }), { id }));

    await deliver(signed(bodyOf({ jobId: "c" }), { id: "c" }));
    await deliver(signed(bodyOf({ jobId: "a" }), { id: "a" }));

    expect(seen).toEqual(["a", "b", "c", "a"]);
  });
});
