// The operation view, read by a client that was written for others: @azure/core-lro.
import { createHttpPoller, type OperationResponse, type OperationState } from "@azure/core-lro";
import { JOB_STATUSES } from "@meanwhile/protocol";
import { describe, expect, it } from "vitest";
import { get, post, submit } from "../testing/requests.js";
import { startTestServer } from "../testing/test-server.js";
import { OPERATION_STATUSES } from "./operations.js";

describe("GET /api/v2/operations/{id}", () => {
  it("says of a waiting job when to ask again", async () => {
    const server = await startTestServer({ worker: false });
    const { id } = await submit(server, { type: "test.echo" });

    const answer = await get(server, `/api/v2/operations/${id}`);

    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({ id, status: "NotStarted" });
    expect(answer.headers["retry-after"]).toBe("1");
  });

  it("gives result or error once it is over", async () => {
    const server = await startTestServer();
    const good = await submit(server, { type: "test.echo", parameters: { a: 1 } }, { prefer: "wait=30" });
    const parameters = { code: "bad", message: "It broke." };
    const bad = await submit(server, { type: "test.fail", parameters }, { prefer: "wait=30" });

    const succeeded = await get(server, `/api/v2/operations/${good.id}`);
    const failed = await get(server, `/api/v2/operations/${bad.id}`);

    expect(succeeded.json()).toEqual({ id: good.id, status: "Succeeded", result: { a: 1 } });
    expect(succeeded.headers).not.toHaveProperty("retry-after");
    expect(failed.json()).toEqual({ id: bad.id, status: "Failed", error: parameters });
  });

  it("has a word for every status", () => {
    expect(Object.keys(OPERATION_STATUSES).sort()).toEqual([...JOB_STATUSES].sort());
    expect(OPERATION_STATUSES).toMatchObject({ ROLLBACK_REQUIRED: "Running", ROLLBACK_COMPLETED: "Failed" });
  });
});

interface Finished {
  status: string;
  result: unknown;
}

describe("@azure/core-lro", () => {
  const startPoller = async (url: string, body: object) => {
    const send = async (path: string, init: RequestInit = {}): Promise<OperationResponse> => {
      const response = await fetch(new URL(path, url), init);
      const headers = Object.fromEntries(response.headers);
      return {
        flatResponse: await response.clone().json(),
        rawResponse: {
          statusCode: response.status,
          headers,
          body: await response.json(),
          request: { method: init.method ?? "GET", url: path },
        },
      };
    };
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const operation = {
      requestMethod: "POST",
      requestPath: "/api/v2/jobs",
      sendInitialRequest: () => send("/api/v2/jobs", init),
      sendPollRequest: (path: string) => send(path),
    };
    // In an object, since the poller itself is thenable and would be waited for.
    const poller = createHttpPoller<Finished, OperationState<Finished>>(operation, {
      intervalInMs: 10,
    });
    return { poller };
  };

  it("polls a job to its end and reads the finished job", async () => {
    const server = await startTestServer();
    const url = await server.listen({ port: 0 });
    const { poller } = await startPoller(url, { type: "test.gated", parameters: { gate: "lro" } });
    const finished = poller.pollUntilDone();

    server.jobs.open("lro");

    expect(await finished).toMatchObject({ status: "COMPLETED", result: { gate: "lro" } });
  });

  it("learns that a job failed, and why", async () => {
    const server = await startTestServer();
    const url = await server.listen({ port: 0 });
    const { poller } = await startPoller(url, { type: "test.fail", parameters: { code: "bad", message: "It broke." } });

    await expect(poller.pollUntilDone()).rejects.toThrow(/It broke/);
  });

  it("learns that a job was cancelled", async () => {
    const server = await startTestServer({ worker: false });
    const url = await server.listen({ port: 0 });
    const { poller } = await startPoller(url, { type: "test.echo" });
    await poller.poll();
    const [job] = (await get(server, "/api/v2/jobs")).json().items;
    await post(server, `/api/v2/jobs/${job.id}/cancel`);

    await expect(poller.pollUntilDone()).rejects.toThrow(/cancel/i);
  });
});
