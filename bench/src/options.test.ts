// The command line: what is left out has a default, what is wrong is named.
import { describe, expect, it } from "vitest";
import { choose, parseOptions } from "./options.js";

describe("parseOptions", () => {
  it("runs five full rounds of everything when nothing is said", () => {
    expect(parseOptions([])).toMatchObject({ pace: "full", rounds: 5, measures: [], entrants: [] });
  });

  it("takes lists and numbers", () => {
    const options = parseOptions(["--quick", "--rounds", "3", "--only", "submits,drain"]);

    expect(options).toMatchObject({ pace: "quick", rounds: 3, measures: ["submits", "drain"] });
  });

  it.each(["0", "2.5", "many"])("refuses %s rounds", (rounds) => {
    expect(() => parseOptions(["--rounds", rounds])).toThrow(`got "${rounds}"`);
  });
});

describe("choose", () => {
  const items = [{ id: "submits" }, { id: "drain" }];

  it("keeps the order of the items, not that of the wish", () => {
    expect(choose("--only", items, ["drain", "submits"])).toEqual(items);
  });

  it("names what it does not know and what it takes", () => {
    expect(() => choose("--only", items, ["drian"])).toThrow('--only does not know "drian". It takes submits, drain.');
  });
});
