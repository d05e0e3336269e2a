// What of a delivery is fixed when its event commits: who wants it, its id, its lane, its body.
import type { JobEventType, WebhookBody } from "@meanwhile/protocol";
import { makeJob } from "@meanwhile/store-testkit";
import { describe, expect, it } from "vitest";
import { isUuid } from "../ids.js";
import type { StoredEvent } from "../job/change.js";
import { jsonPayload } from "../job/payload.js";
import { deliveryBody, deliveryId, laneOf, newDelivery } from "./new-delivery.js";
import { type StandingSubscription, targetsOf } from "./subscription.js";

const completed = (jobId: string): StoredEvent => ({
  jobId,
  seq: 3,
  type: "job.completed",
  status: "COMPLETED",
  at: 1_800_000_000_000,
  attempt: 1,
  data: null,
});

describe("who wants an event", () => {
  const endpoint: StandingSubscription = {
    id: "e",
    owner: "acme",
    channel: "webhook",
    url: "https://e.example/",
    enabled: true,
    types: null,
    events: ["job.completed"],
  };
  const wants = (given: Partial<StandingSubscription>, type: JobEventType = "job.completed") =>
    targetsOf(makeJob(), type, [{ ...endpoint, ...given }]).length === 1;

  it("an endpoint of the job's owner that is enabled, for its types and events", () => {
    expect(wants({})).toBe(true);
    expect(wants({ types: ["report"] })).toBe(true);
    expect(wants({ types: ["letter"] })).toBe(false);
    expect(wants({ owner: "globex" })).toBe(false);
    expect(wants({ enabled: false })).toBe(false);
    expect(wants({}, "job.started")).toBe(false);
  });

  it("the job's own target, which goes first", () => {
    const webhook = { url: "https://own.example/", events: ["job.completed"], secret: "whsec_own" } as const;
    const job = makeJob({ webhook });

    expect(targetsOf(job, "job.completed", [endpoint])).toEqual([
      { channel: "webhook", target: webhook.url, endpointId: null, secret: "whsec_own" },
      { channel: "webhook", target: endpoint.url, endpointId: "e", secret: null },
    ]);
    expect(targetsOf(job, "job.started", [endpoint])).toEqual([]);
  });
});

describe("the id of a delivery", () => {
  it("is a UUID of the event's time, the same whoever asks, another for each target and seq", () => {
    const event = completed("job");

    const ids = [deliveryId(event, null), deliveryId(event, "e"), deliveryId({ ...event, seq: 4 }, null)];

    expect(ids.every(isUuid)).toBe(true);
    expect(new Set(ids).size).toBe(3);
    expect(deliveryId({ ...event }, null)).toBe(ids[0]);
    expect(Number.parseInt(ids[0]!.replaceAll("-", "").slice(0, 12), 16)).toBe(event.at);
    expect(ids[0]).toMatch(/^.{14}7.{4}[89ab]/);
  });
});

describe("the lane of a delivery", () => {
  const lane = (target: string, owner = "acme") => laneOf({ channel: "webhook", owner, target });

  it("is its receiver, whatever the path, and its owner's own", () => {
    expect(lane("https://a.example/x?job=1")).toBe(lane("https://a.example:443/y"));
    expect(lane("https://a.example/x")).not.toBe(lane("https://a.example:8443/x"));
    expect(lane("https://a.example/x")).not.toBe(lane("https://a.example/x", "globex"));
    expect(lane("meanwhile.events")).toBe("webhook acme meanwhile.events");
  });
});

describe("the body of a delivery", () => {
  const bodyOf = (result: unknown): WebhookBody & { data: { job: { resultUrl?: string } } } => {
    const job = makeJob({ status: "COMPLETED", result: jsonPayload(result) });
    return JSON.parse(deliveryBody({ job, event: completed(job.id), linkBase: "https://api.example" })) as never;
  };

  it("holds the job and the event", () => {
    const body = bodyOf("done");

    expect(body).toMatchObject({
      type: "job.completed",
      timestamp: "2027-01-15T08:00:00.000Z",
      data: { job: { status: "COMPLETED", result: "done" }, event: { seq: 3, data: { result: "done" } } },
    });
    expect(Object.keys(body)).toEqual(["type", "timestamp", "data"]);
    expect(body.data.job.resultUrl).toBeUndefined();
  });

  it("leaves a result above 256 KiB behind, in the job and in the event, and says where it is", () => {
    const fits = bodyOf("x".repeat(256 * 1_024 - 2));
    const { data } = bodyOf("x".repeat(256 * 1_024 - 1));

    expect(fits.data.job.result).toHaveLength(256 * 1_024 - 2);
    const resultUrl = `https://api.example/api/v2/jobs/${data.job.id}/result`;
    expect(data.job).toMatchObject({ result: null, resultUrl });
    expect(data.event.data).toEqual({ result: null, resultUrl });
  });

  it("is the same for every target of the event", () => {
    const job = makeJob({ traceparent: "00-trace" });
    const event = completed(job.id);
    const target = { channel: "webhook", target: "https://a.example/", endpointId: "e", secret: null };

    expect(newDelivery(target, { job, event, body: "{}" })).toEqual({
      ...target,
      id: deliveryId(event, "e"),
      owner: "acme",
      jobId: job.id,
      seq: 3,
      eventType: "job.completed",
      line: `${job.id}/e`,
      lane: "webhook acme https://a.example",
      body: "{}",
      traceparent: "00-trace",
      createdAt: event.at,
    });
  });
});
