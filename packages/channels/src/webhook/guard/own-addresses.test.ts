// Advice about a machine's own addresses is read once for a burst of submits, and never for long.
import { ManualClock } from "@meanwhile/store-testkit";
import { expect, it } from "vitest";
import { createAdviceAddresses } from "./own-addresses.js";

it("looks again after five seconds, and not before", () => {
  const clock = new ManualClock();
  let address = "192.0.2.1";
  const own = createAdviceAddresses(() => [address], clock);
  own();

  address = "192.0.2.2";
  clock.advance(4_999);
  const early = own();
  clock.advance(1);

  expect(early).toEqual(["192.0.2.1"]);
  expect(own()).toEqual(["192.0.2.2"]);
});
