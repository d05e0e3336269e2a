import type { JobEvent } from "@meanwhile/protocol";
import { expect, it } from "vitest";
import { pushedEventText } from "./pushed-event.js";

const completed = (result: unknown): JobEvent<"job.completed"> => ({
  jobId: "0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d",
  seq: 3,
  type: "job.completed",
  status: "COMPLETED",
  at: "2026-11-22T09:00:00.000Z",
  attempt: 1,
  data: { result },
});

it("a result of 256 KiB travels with its event", () => {
  const event = completed("x".repeat(256 * 1024 - 2));

  expect(JSON.parse(pushedEventText(event, ""))).toEqual(event);
});

it("a larger result stays behind, and the event says where", () => {
  const event = completed("ä".repeat(128 * 1024));

  expect(JSON.parse(pushedEventText(event, "https://api.example.com"))).toEqual({
    ...event,
    data: {
      result: null,
      resultUrl: "https://api.example.com/api/v2/jobs/0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d/result",
    },
  });
});

it("each address of the server gets its own links", () => {
  const event = completed("x".repeat(300 * 1024));

  expect(pushedEventText(event, "https://a.example")).toContain("https://a.example/api");
  expect(pushedEventText(event, "https://b.example")).toContain("https://b.example/api");
});
