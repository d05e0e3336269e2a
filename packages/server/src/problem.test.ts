// What of an error leaves the house.
import { AppError } from "@meanwhile/core";
import { describe, expect, it } from "vitest";
import { toProblemAnswer } from "./problem.js";

const options = { instance: "/api/v2/jobs", traceId: "t", requestId: "r", linkBase: "" };

describe("a store that fails", () => {
  it("is told to callers without its files, paths and advice for operators; the log gets all of it", () => {
    const failure = new AppError("store_unavailable", {
      message: 'The disk of the SQLite file "/srv/secret/meanwhile.db" is full.',
      retryAfterMs: 5_000,
      cause: new Error("SQLITE_FULL"),
    });

    const { problem, headers, internal } = toProblemAnswer(failure, options);

    expect(JSON.stringify(problem)).not.toContain("secret");
    expect(problem).toMatchObject({ code: "store_unavailable", status: 503 });
    expect(headers["retry-after"]).toBe("5");
    expect(internal).toBe(failure);
  });
});
