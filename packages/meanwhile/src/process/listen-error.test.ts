// Every reason not to listen has its own sentence.
import { describe, expect, it } from "vitest";
import { toListenError } from "./listen-error.js";

describe("toListenError", () => {
  it.each([
    ["EADDRINUSE", /Port 80 of 10\.0\.0\.1 is taken.*--port or MEANWHILE_PORT/],
    ["EACCES", /Port 80 needs rights.*from 1024 up/],
    ["EADDRNOTAVAIL", /"10\.0\.0\.1" is no address of this machine.*MEANWHILE_HOST/],
    ["ENOTFOUND", /no address of this machine/],
  ])("says what would do about %s", (code, sentence) => {
    const shown = toListenError(Object.assign(new Error("listen"), { code }), { host: "10.0.0.1", port: 80 });

    expect(shown).toMatchObject({ name: "CliError", exitCode: 2, message: expect.stringMatching(sentence) });
  });

  it("leaves other errors as they are", () => {
    const other = new Error("no");

    expect(toListenError(other, { host: "127.0.0.1", port: 1 })).toBe(other);
  });
});
