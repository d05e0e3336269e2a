// The older contract over HTTP.
import { describe, expect, it } from "vitest";
import { get, post } from "../testing/requests.js";
import { startTestServer } from "../testing/test-server.js";

const OLD = {
  deprecation: expect.stringMatching(/^@\d+$/),
  sunset: expect.stringMatching(/^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/),
  link: '</api/v2/jobs>; rel="successor-version"',
};

describe("version 1", () => {
  it("submits in few words", async () => {
    const server = await startTestServer({ worker: false });

    const answer = await post(server, "/api/v1/jobs", { type: "test.echo", parameters: { a: 1 } });

    const { id } = answer.json();
    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toEqual({ id, status: "PENDING", statusUrl: `/api/v1/jobs/${id}` });
    expect(answer.headers).toMatchObject({ ...OLD, location: `/api/v1/jobs/${id}` });
  });

  it("reads results and errors", async () => {
    const server = await startTestServer();
    const ends = async (body: object) => {
      const { id } = (await post(server, "/api/v1/jobs", body)).json();
      await get(server, `/api/v2/jobs/${id}`, { prefer: "wait=30" });
      return get(server, `/api/v1/jobs/${id}`);
    };
    const parameters = { code: "bad", message: "It broke." };

    const good = await ends({ type: "test.echo", parameters: { a: 1 } });
    const bad = await ends({ type: "test.fail", parameters });

    expect(good.json()).toMatchObject({ status: "COMPLETED", result: { a: 1 } });
    expect(Object.keys(good.json())).toEqual(["id", "status", "statusUrl", "result"]);
    expect(bad.json()).toMatchObject({ status: "FAILED", error: parameters });
    expect(good.headers).toMatchObject(OLD);
  });

  it("refuses what it never knew, and says on refusals too that it is old", async () => {
    const server = await startTestServer({ worker: false });

    const answer = await post(server, "/api/v1/jobs", { type: "test.echo", priority: 1 });
    const missing = await get(server, "/api/v1/jobs/42");

    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ code: "invalid_parameters", errors: [{ pointer: "#/priority" }] });
    expect(answer.headers).toMatchObject(OLD);
    expect(missing.statusCode).toBe(404);
    expect(missing.headers).toMatchObject(OLD);
  });
});
