import { describe, expect, it } from "vitest";
import { failureOf } from "../testing/conversions.js";
import { markdownToHtml } from "./markdown.js";

describe("Markdown", () => {
  it("becomes html, tables included", async () => {
    const html = await markdownToHtml("# A\n\n| b |\n|---|\n| c |\n", new AbortController().signal);

    expect(html).toContain("<h1>A</h1>");
    expect(html).toContain("<td>c</td>");
  });

  it("nested thousands deep is refused, and does not take the process with it", async () => {
    expect(await failureOf(markdownToHtml(">".repeat(100_000), new AbortController().signal))).toMatchObject({
      code: "corrupt_file",
    });
  });

  it("made to keep the parser busy can be aborted", async () => {
    const abort = new AbortController();
    const reading = markdownToHtml("~~a~".repeat(1_000_000), abort.signal);

    abort.abort(new Error("cancelled by the test"));

    await expect(reading).rejects.toThrow("cancelled by the test");
  });
});
