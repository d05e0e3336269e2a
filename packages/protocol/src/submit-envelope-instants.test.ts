// Instants of a submit that RFC 3339 could not write back.
import { describe, expect, it } from "vitest";
import { findEnvelopeFaults } from "./submit-envelope.js";

describe("runAt", () => {
  it.each(["9999-12-31T23:59:59.999-14:00", "9980-01-01T00:00:00Z"])(
    "beyond what a year's four digits hold is refused: %s",
    (runAt) => {
      expect(findEnvelopeFaults({ type: "far", runAt })).toMatchObject([{ pointer: "#/runAt" }]);
    },
  );

  it("before it is taken", () => {
    expect(findEnvelopeFaults({ type: "far", runAt: "9979-12-31T23:59:59.999Z" })).toEqual([]);
  });
});
