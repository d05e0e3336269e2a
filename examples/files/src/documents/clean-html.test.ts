import { describe, expect, it } from "vitest";
import { failureOf } from "../testing/conversions.js";
import { cleanHtml } from "./clean-html.js";

const body = (html: string) => /<body>([\s\S]*)<\/body>/.exec(cleanHtml(html).html)![1];

describe("cleaning html", () => {
  it("keeps text, structure and harmless style", () => {
    const html = `<h1 id="top">Title</h1><p align="center" style="color: red; margin-left:2cm">a <b>b</b> &amp; <a href="https://example.com/?a=1&amp;b=2">c</a></p><table border=1><tr><td colspan=2>d</table>`;

    expect(body(html)).toBe(
      `<h1 id="top">Title</h1><p align="center" style="color: red; margin-left:2cm">a <b>b</b> &amp; <a href="https://example.com/?a=1&amp;b=2">c</a></p><table border="1"><tbody><tr><td colspan="2">d</td></tr></tbody></table>`,
    );
  });

  it.each([
    ["a script", `<script>alert(1)</script>`],
    ["a handler", `<p onclick="alert(1)">`],
    ["a script link", `<a href="javascript:alert(1)">`],
    ["a file link", `<a href="file:///etc/passwd">`],
    ["a remote image", `<img src="http://10.0.0.1/x.png">`],
    ["a local image", `<img src="file:///etc/passwd">`],
    ["an image by a relative path", `<img src="../../etc/passwd">`],
    ["an svg inside an image", `<img src="data:image/svg+xml;base64,PHN2Zy8+">`],
    ["an image with many sources", `<img srcset="http://10.0.0.1/x.png 2x">`],
    ["a frame", `<iframe src="file:///etc/passwd"></iframe>`],
    ["an object", `<object data="file:///etc/passwd"></object>`],
    ["an embed", `<embed src="file:///etc/passwd">`],
    ["a base", `<base href="file:///etc/">`],
    ["a refresh", `<meta http-equiv="refresh" content="0;url=file:///etc/passwd">`],
    ["a style sheet", `<link rel="stylesheet" href="http://10.0.0.1/x.css">`],
    ["a style", `<style>@import url(http://10.0.0.1/x.css)</style>`],
    ["a style with a picture", `<p style="background:url(http://10.0.0.1/x.png)">`],
    ["a style with an escape", `<p style="background:\\75 rl(http://10.0.0.1/x.png)">`],
    ["a background", `<table background="http://10.0.0.1/x.png">`],
    ["a drawing", `<svg><image href="http://10.0.0.1/x.png"/></svg>`],
    ["a drawing that hides html", `<svg><foreignObject><img src="http://10.0.0.1/x.png"></foreignObject></svg>`],
    ["a comment for old browsers", `<!--[if IE]><img src="http://10.0.0.1/x.png"><![endif]-->`],
    ["an attribute that closes itself", `<p title='"><img src="http://10.0.0.1/x.png">'>`],
    ["html hidden in noscript", `<noscript><img src="http://10.0.0.1/x.png"></noscript>`],
    ["a server include", `<sdfield type=x><sdtext file="/etc/passwd">`],
  ])("leaves out %s", (_, html) => {
    const cleaned = body(html)!.replace(/title="[^"]*"/, "");

    expect(cleaned).not.toMatch(/script|onclick|src=|file:|http|url|10\.0\.0\.1|passwd/i);
  });

  it("writes the alternative text of an image it leaves out", () => {
    expect(cleanHtml(`<p><img src="http://10.0.0.1/x.png" alt="a <cat>">`)).toMatchObject({
      html: expect.stringContaining("<p>a &lt;cat&gt;</p>"),
      leftOut: 1,
    });
  });

  it.each([
    ["nested endlessly", "<div>".repeat(100_000), "corrupt_file"],
    [
      "with formatting that multiplies",
      `<p>${Array.from({ length: 300 }, (_, i) => `<font size=${i}>`).join("")}</p>${"<p>x</p>".repeat(100_000)}`,
      "file_too_large",
    ],
    ["with elements without number", "<br>".repeat(1_000_000), "file_too_large"],
  ])(
    "refuses a page %s",
    async (_, html, code) => {
      expect(await failureOf(Promise.resolve().then(() => cleanHtml(html)))).toMatchObject({ code });
    },
    10_000,
  );
});
