// The JSON dialect over real sockets: what is said, what is answered, and what stays.
import type { JobEvent, JobResource, Problem } from "@meanwhile/protocol";
import { describe, expect, it } from "vitest";
import { person, type SocketServerOptions, startSocketServer } from "../testing/socket-server.js";
import { connectPeer, type Peer } from "../testing/web-socket.js";

interface Said {
  op: string;
  ref?: string;
  jobId: string;
  job: JobResource & { resultUrl?: string };
  event: JobEvent;
  problem: Problem;
}

const TWO_OWNERS: SocketServerOptions = { tokens: { ada: { owner: "ada" }, bob: { owner: "bob" } } };

const says = (peer: Peer, op: string, ref?: string) =>
  peer.hears<Said>((said) => said.op === op && (ref === undefined || said.ref === ref), `${op} ${ref ?? ""}`);

const eventsOf = (peer: Peer, jobId: string) =>
  peer
    .messages<Said>()
    .filter((said) => said.op === "event" && said.jobId === jobId)
    .map(({ event }) => event);

describe("submit", () => {
  it("answers with the job, and with follow tells every event up to the end", async () => {
    const { url } = await startSocketServer();
    const peer = await connectPeer(url);

    peer.say({ op: "submit", ref: "1", type: "echo", parameters: { a: 1 }, tags: ["x"], follow: true });

    const { job } = await says(peer, "submitted", "1");
    expect(job).toMatchObject({ type: "echo", parameters: { a: 1 }, tags: ["x"] });
    const end = await says(peer, "end");
    expect(end).toEqual({ op: "end", jobId: job.id });
    expect(eventsOf(peer, job.id).map(({ seq, type }) => [seq, type])).toEqual([
      [1, "job.submitted"],
      [2, "job.started"],
      [3, "job.completed"],
    ]);
    expect(peer.messages<Said>().map(({ op }) => op)).toEqual(["submitted", "event", "event", "event", "end"]);
  });

  it("with the key of an earlier submit, answers with its job and tells its outcome again", async () => {
    const { url } = await startSocketServer();
    const peer = await connectPeer(url);
    const submit = { op: "submit", type: "echo", parameters: { a: 1 }, idempotencyKey: "k", follow: true };
    peer.say({ ...submit, ref: "1" });
    const { job } = await says(peer, "submitted", "1");
    await says(peer, "end");

    const again = await connectPeer(url);
    again.say({ ...submit, ref: "2" });

    expect((await says(again, "submitted", "2")).job).toMatchObject({ id: job.id, status: "COMPLETED" });
    await says(again, "end");
    expect(eventsOf(again, job.id).at(-1)).toMatchObject({ type: "job.completed", data: { result: { a: 1 } } });
  });

  it("leaves a large result behind, and says where it is", async () => {
    const { url, submit, engine } = await startSocketServer();
    const { id } = await submit("large", { bytes: 300_000 });
    await engine.wait(id, { principal: person("local"), timeoutMs: 5_000 });
    const peer = await connectPeer(url);

    peer.say({ op: "follow", jobId: id });

    await says(peer, "end");
    expect(eventsOf(peer, id).at(-1)?.data).toEqual({ result: null, resultUrl: `/api/v2/jobs/${id}/result` });
  });

  it.each<[string, object, Partial<Problem>]>([
    ["an unknown type", { type: "nothing" }, { code: "unknown_job_type", status: 422 }],
    ["an unknown member", { type: "echo", colour: 1 }, { code: "invalid_parameters", status: 422 }],
    ["a key that is no text", { type: "echo", idempotencyKey: 1 }, { code: "invalid_parameters" }],
    ["a wish to follow that is no yes or no", { type: "echo", follow: "yes" }, { code: "invalid_parameters" }],
    ["an unfit key", { type: "echo", idempotencyKey: "" }, { code: "invalid_request" }],
  ])("refuses %s, and the connection stays", async (_what, members, problem) => {
    const { url } = await startSocketServer();
    const peer = await connectPeer(url);

    peer.say({ op: "submit", ref: "bad", ...members });
    peer.say({ op: "submit", ref: "good", type: "echo" });

    expect((await says(peer, "error", "bad")).problem).toMatchObject(problem);
    await says(peer, "submitted", "good");
  });
});

describe("follow", () => {
  it("begins after the seq that the caller has", async () => {
    const { url, submit, engine } = await startSocketServer();
    const { id } = await submit("echo");
    await engine.wait(id, { principal: person("local"), timeoutMs: 5_000 });
    const peer = await connectPeer(url, { protocols: "meanwhile.v2" });

    peer.say({ op: "follow", ref: 7, jobId: id, after: 2 });

    await says(peer, "end");
    expect(peer.socket.protocol).toBe("meanwhile.v2");
    expect(peer.messages<Said>()[0]).toEqual({ op: "following", ref: 7, jobId: id });
    expect(eventsOf(peer, id).map(({ seq }) => seq)).toEqual([3]);
  });

  it("tells events as they come, until it is ended", async () => {
    const { url, submit, open, engine } = await startSocketServer();
    const { id } = await submit("gated", { gate: "g" });
    const peer = await connectPeer(url);
    peer.say({ op: "follow", jobId: id });
    await peer.hears<Said>(({ event }) => event?.type === "job.started", "job.started");

    peer.say({ op: "unfollow", jobId: id, ref: "u" });
    await says(peer, "end", "u");
    open("g");
    await engine.wait(id, { principal: person("local"), timeoutMs: 5_000 });
    peer.say({ op: "follow", jobId: id, after: 2 });

    await peer.hears<Said>(({ event }) => event?.type === "job.completed", "job.completed");
    expect(eventsOf(peer, id).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it("of a job that is over, after its last event, ends at once", async () => {
    const { url, submit, engine } = await startSocketServer();
    const { id } = await submit("echo");
    await engine.wait(id, { principal: person("local"), timeoutMs: 5_000 });
    const peer = await connectPeer(url);

    peer.say({ op: "follow", jobId: id, after: 3 });

    await says(peer, "end");
    expect(peer.messages<Said>().map(({ op }) => op)).toEqual(["following", "end"]);
  });

  it.each<[string, (id: string) => object, string]>([
    ["a job that does not exist", () => ({ jobId: "0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d" }), "job_not_found"],
    ["an id that is none", () => ({ jobId: "../x" }), "job_not_found"],
    ["a cursor beyond the end", (jobId) => ({ jobId, after: 99 }), "invalid_request"],
    ["a cursor that is none", (jobId) => ({ jobId, after: -1 }), "invalid_parameters"],
    ["no job", () => ({}), "invalid_parameters"],
    ["an unknown member", (jobId) => ({ jobId, since: 1 }), "invalid_parameters"],
  ])("refuses %s", async (_what, members, code) => {
    const { url, submit } = await startSocketServer();
    const { id } = await submit("gated", { gate: "g" });
    const peer = await connectPeer(url);

    peer.say({ op: "follow", ref: "r", ...members(id) });

    expect((await says(peer, "error", "r")).problem.code).toBe(code);
    expect(peer.messages<Said>()).toHaveLength(1);
  });

  it("of the same job twice is refused, and the first goes on", async () => {
    const { url, submit, open } = await startSocketServer();
    const { id } = await submit("gated", { gate: "g" });
    const peer = await connectPeer(url);

    peer.say({ op: "follow", ref: "1", jobId: id });
    peer.say({ op: "follow", ref: "2", jobId: id });

    expect((await says(peer, "error", "2")).problem.code).toBe("conflict");
    open("g");
    await says(peer, "end");
    expect(eventsOf(peer, id)).toHaveLength(3);
  });

  it("of more jobs than the connection may is refused", async () => {
    const { url, submit } = await startSocketServer({ followsPerConnection: 1 });
    const first = await submit("gated", { gate: "g" });
    const second = await submit("gated", { gate: "g" });
    const peer = await connectPeer(url);

    peer.say({ op: "follow", ref: "1", jobId: first.id });
    peer.say({ op: "follow", ref: "2", jobId: second.id });

    expect((await says(peer, "error", "2")).problem).toMatchObject({ code: "rate_limited", status: 429 });
  });

  it("ends with an error where the process stops, so that the caller resumes elsewhere", async () => {
    const { url, submit, stopService } = await startSocketServer();
    const { id } = await submit("gated", { gate: "g" });
    const peer = await connectPeer(url);
    peer.say({ op: "follow", ref: "f", jobId: id });
    await peer.hears<Said>(({ event }) => event?.type === "job.started", "job.started");

    await stopService();

    expect(await says(peer, "error", "f")).toMatchObject({ jobId: id, problem: { code: "shutting_down" } });
  });
});

describe("cancel", () => {
  it("answers with the job as it is then", async () => {
    const { url, submit } = await startSocketServer();
    const { id } = await submit("gated", { gate: "g" });
    const peer = await connectPeer(url);
    peer.say({ op: "follow", jobId: id });
    await peer.hears<Said>(({ event }) => event?.type === "job.started", "job.started");

    peer.say({ op: "cancel", ref: "c", jobId: id });

    expect((await says(peer, "cancelled", "c")).job).toMatchObject({ id, cancelRequested: true });
    await says(peer, "end");
    expect(eventsOf(peer, id).at(-1)?.type).toBe("job.cancelled");
  });
});

describe("who is calling", () => {
  it("may be said with the first message", async () => {
    const { url } = await startSocketServer(TWO_OWNERS);
    const peer = await connectPeer(url);

    peer.say({ op: "auth", ref: 1, token: "ada" });
    peer.say({ op: "submit", ref: 2, type: "echo" });

    await says(peer, "submitted");
    expect(peer.messages<Said>().map(({ op, ref }) => [op, ref])).toEqual([
      ["ready", 1],
      ["submitted", 2],
    ]);
  });

  it.each<[string, object | string]>([
    ["another message comes first", { op: "submit", ref: "r", type: "echo" }],
    ["the token is wrong", { op: "auth", ref: "r", token: "eve" }],
    ["the ticket is wrong", { op: "auth", ref: "r", ticket: "t" }],
  ])("is refused with 4401 where %s", async (_what, message) => {
    const { url } = await startSocketServer(TWO_OWNERS);
    const peer = await connectPeer(url);

    peer.say(message);

    expect((await says(peer, "error", "r")).problem).toMatchObject({ code: "unauthenticated", status: 401 });
    expect((await peer.closed()).code).toBe(4401);
  });

  it.each(["not json", "[]", '{"op":"auth"}'])(
    "is refused with 4401 where the first message is %s",
    async (message) => {
      const { url } = await startSocketServer(TWO_OWNERS);
      const peer = await connectPeer(url);

      peer.say(message);

      await says(peer, "error");
      expect((await peer.closed()).code).toBe(4401);
    },
  );

  it("sees nothing of another owner's job, by any message", async () => {
    const { url, submit } = await startSocketServer(TWO_OWNERS);
    const { id } = await submit("gated", { gate: "g" }, "ada");
    const bob = await connectPeer(url, { headers: { authorization: "Bearer bob" } });

    bob.say({ op: "follow", ref: "f", jobId: id });
    bob.say({ op: "cancel", ref: "c", jobId: id });

    expect((await says(bob, "error", "f")).problem.code).toBe("job_not_found");
    expect((await says(bob, "error", "c")).problem.code).toBe("job_not_found");
  });

  it("may be said again with a fresh credential of the same owner, and of no other", async () => {
    const { url } = await startSocketServer({
      tokens: { old: { owner: "ada" }, fresh: { owner: "ada" }, bob: { owner: "bob" } },
    });
    const peer = await connectPeer(url, { headers: { authorization: "Bearer old" } });

    peer.say({ op: "auth", ref: "1", token: "fresh" });
    await says(peer, "ready", "1");
    peer.say({ op: "auth", ref: "2", token: "bob" });

    expect((await says(peer, "error", "2")).problem.code).toBe("forbidden");
    peer.say({ op: "submit", ref: "3", type: "echo" });
    await says(peer, "submitted", "3");
  });

  it.each<[string, object]>([
    ["without the scope to read", { token: "submitter" }],
    ["without the scope to see every owner's jobs", { token: "plain" }],
    ["that is the ticket of one job", { ticket: "t" }],
  ])("is not narrowed by one %s: what is followed would outlive its credential", async (_what, fresh) => {
    const { url } = await startSocketServer({
      tokens: {
        admin: { owner: "ada", scopes: ["jobs:read", "jobs:submit", "jobs:admin"] },
        plain: { owner: "ada" },
        submitter: { owner: "ada", scopes: ["jobs:submit", "jobs:admin"] },
      },
      tickets: { t: { principal: person("ada", { scopes: ["jobs:read", "jobs:admin"] }), jobId: "j" } },
    });
    const peer = await connectPeer(url, { headers: { authorization: "Bearer admin" } });

    peer.say({ op: "auth", ref: "1", ...fresh });

    expect((await says(peer, "error", "1")).problem.code).toBe("forbidden");
    peer.say({ op: "submit", ref: "2", type: "echo", follow: true });
    await says(peer, "submitted", "2");
  });

  it("lasts as long as the credential", async () => {
    const { url, revoke } = await startSocketServer(TWO_OWNERS);
    const peer = await connectPeer(url, { headers: { authorization: "Bearer ada" } });

    revoke("ada");

    expect((await says(peer, "error")).problem.code).toBe("unauthenticated");
    expect((await peer.closed()).code).toBe(4401);
  });

  it("with the ticket of one job follows that job, and no other", async () => {
    const tickets = new Map<string, { principal: ReturnType<typeof person>; jobId: string }>();
    const { url, submit, open } = await startSocketServer({ ...TWO_OWNERS, tickets: asRecord(tickets) });
    const mine = await submit("gated", { gate: "g" }, "ada");
    const other = await submit("gated", { gate: "g" }, "ada");
    tickets.set("t", { principal: person("ada", { scopes: ["jobs:read"] }), jobId: mine.id });
    const peer = await connectPeer(`${url}?ticket=t`);

    peer.say({ op: "follow", ref: "other", jobId: other.id });
    peer.say({ op: "cancel", ref: "cancel", jobId: mine.id });
    peer.say({ op: "submit", ref: "submit", type: "echo" });
    peer.say({ op: "follow", ref: "mine", jobId: mine.id });

    expect((await says(peer, "error", "other")).problem.code).toBe("job_not_found");
    expect((await says(peer, "error", "cancel")).problem.code).toBe("forbidden");
    expect((await says(peer, "error", "submit")).problem.code).toBe("forbidden");
    open("g");
    await says(peer, "end");
  });
});

describe("what is no message", () => {
  it.each<[string, string | Buffer, string]>([
    ["broken JSON", '{"op":', "invalid_request"],
    ["no object", "[1]", "invalid_parameters"],
    ["no op", "{}", "invalid_parameters"],
    ["an unknown op", '{"op":"dance"}', "invalid_parameters"],
    ["bytes", Buffer.from("{}"), "unsupported_media_type"],
    ["__proto__", '{"op":"submit","type":"echo","parameters":{"__proto__":{}}}', "invalid_request"],
    ["deep nesting", `{"op":${"[".repeat(100)}`, "invalid_request"],
  ])("is refused as such: %s", async (_what, message, code) => {
    const { url, complaints } = await startSocketServer();
    const peer = await connectPeer(url);

    peer.socket.send(message);
    peer.say({ op: "submit", ref: "after", type: "echo" });

    expect((await says(peer, "error")).problem.code).toBe(code);
    await says(peer, "submitted", "after");
    expect(complaints).toEqual([]);
  });

  it("a fault of ours is told by its id, and logged", async () => {
    const { url, complaints } = await startSocketServer({
      engine: (real) => ({ ...real, cancel: () => Promise.reject(new Error("secret detail")) }),
    });
    const peer = await connectPeer(url);

    peer.say({ op: "cancel", ref: "c", jobId: "0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d" });

    const { problem } = await says(peer, "error", "c");
    expect(problem.code).toBe("internal");
    expect(JSON.stringify(problem)).not.toContain("secret detail");
    expect(complaints[0]).toContain("secret detail");
  });
});

function asRecord<T>(map: ReadonlyMap<string, T>): Readonly<Record<string, T>> {
  return new Proxy({}, { get: (_target, name) => map.get(String(name)) });
}
