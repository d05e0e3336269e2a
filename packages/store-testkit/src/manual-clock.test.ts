// The clock that only the test moves: timers fire in order, at their instants.
import { describe, expect, it } from "vitest";
import { BUILT_AT, ManualClock } from "./manual-clock.js";

describe("ManualClock", () => {
  it("stands still until it is advanced", () => {
    const clock = new ManualClock();

    clock.advance(1_500);

    expect(clock.now()).toBe(BUILT_AT + 1_500);
  });

  it("fires the timers on the way in order, each at its own instant", () => {
    const clock = new ManualClock(0);
    const fired: [string, number][] = [];
    for (const [name, ms] of Object.entries({ late: 30, early: 10, alsoEarly: 10, beyond: 31 })) {
      clock.after(ms, () => fired.push([name, clock.now()]));
    }

    clock.advance(30);

    expect(fired).toEqual([
      ["early", 10],
      ["alsoEarly", 10],
      ["late", 30],
    ]);
    expect(clock.pendingTimers).toBe(1);
  });

  it("fires a timer that another one sets, if it falls due on the way", () => {
    const clock = new ManualClock(0);
    const beats: number[] = [];
    const beat = (): void => {
      beats.push(clock.now());
      clock.after(10, beat);
    };
    clock.after(10, beat);

    clock.advance(35);

    expect(beats).toEqual([10, 20, 30]);
  });

  it("forgets a timer that was cancelled, as often as it is", () => {
    const clock = new ManualClock(0);
    const cancel = clock.after(10, () => expect.unreachable("a cancelled timer fired"));

    cancel();
    cancel();
    clock.advance(10);

    expect(clock.pendingTimers).toBe(0);
  });
});
