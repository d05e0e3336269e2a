import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { convertBytes, failureOf, namedAs } from "../testing/conversions.js";
import { makeDocument, withParts } from "../testing/make-document.js";
import { readPdf } from "../testing/pdf-text.js";
import { runningTools } from "../testing/running-tools.js";
import { isToolMissing } from "../testing/tools-installed.js";
import { waitUntil } from "../testing/wait-until.js";
import { getTool } from "../tools/find-tool.js";
import { withWorkFolder } from "../work-folder/work-folder.js";
import { documentToPdf } from "./soffice.js";

const pdfText = async (bytes: Buffer) => (await readPdf(bytes)).map(({ text }) => text).join(" ");

/** A server that nobody may call, and a file that nobody may read. */
async function withBait<T>(use: (bait: { url: string; file: string; calls: string[] }) => Promise<T>): Promise<T> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    calls.push(request.url ?? "");
    response.end("SECRET-OF-THE-NETWORK");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    return await withWorkFolder(async (folder) => {
      const file = path.join(folder, "secret.txt");
      await writeFile(file, "SECRET-OF-THE-DISK");
      return use({ url, file: `file://${file}`, calls });
    });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

const ODT_SECTION = (reference: string) => (xml: string) =>
  xml.replace(
    /<office:text[^>]*>/,
    `$&<text:section text:name="s"><text:section-source xlink:type="simple" xlink:href="${reference}"/><text:p>before</text:p></text:section>`,
  );
const ODT_IMAGE = (reference: string) => (xml: string) =>
  xml.replace(
    /<text:p /,
    `<text:p><draw:frame text:anchor-type="as-char" svg:width="2cm" svg:height="2cm"><draw:image xlink:href="${reference}" xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad"/></draw:frame></text:p>$&`,
  );
const DOCX_FIELD = (instruction: string) => (xml: string) =>
  xml.replace(
    /<w:body>/,
    `$&<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> ${instruction.slice(0, 6)}</w:instrText></w:r><w:r><w:instrText xml:space="preserve">${instruction.slice(6)} </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>cached</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>`,
  );
const DOCX_RELATION = (type: string, target: string) => (xml: string) =>
  xml.replace(
    "</Relationships>",
    `<Relationship Id="rIdX" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/${type}" Target="${target}" TargetMode="External"/></Relationships>`,
  );

describe.skipIf(await isToolMissing("soffice"))("documents, with LibreOffice", { timeout: 60_000 }, () => {
  let docx: Buffer;
  let odt: Buffer;

  beforeAll(async () => {
    docx = await makeDocument(
      '<h1>Häding</h1><p>Hello <b>world</b>, <a href="https://example.com">link</a></p>',
      "docx",
    );
    odt = await makeDocument("<h1>Häding</h1><p>Hello <b>world</b></p>", "odt");
  });

  it.each(["docx", "odt"] as const)("%s becomes a pdf with its text", async (format) => {
    const source = namedAs(format, format === "docx" ? docx : odt);

    const { bytes, progress, mediaType } = await convertBytes(source, "pdf");

    const pages = await readPdf(bytes);
    expect(pages).toHaveLength(1);
    expect(pages[0]!.text).toContain("Häding");
    expect(pages[0]!.text).toContain("Hello world");
    expect(mediaType).toBe("application/pdf");
    expect(progress.map(({ message }) => message)).toEqual([
      "Looking at the file",
      "Checking the document",
      "Laying out the pages with LibreOffice",
      "Converted",
    ]);
  });

  it("html becomes a pdf; what it would load is left out and said", async () => {
    await withBait(async ({ url, file, calls }) => {
      const html = `<!DOCTYPE html><title>t</title><h1>Grüße</h1><img src="${url}/a.png" alt="a cat"><img src="${file}"><link rel=stylesheet href="${url}/b.css"><iframe src="${file}"></iframe><p style="color:red;background:url(${url}/c.png)">text</p><script>document.write("script")</script>`;

      const { bytes, notes } = await convertBytes(namedAs("html", html), "pdf");

      const text = await pdfText(bytes);
      expect(text).toContain("Grüße");
      expect(text).toContain("a cat");
      expect(text).not.toContain("SECRET");
      expect(text).not.toContain("script");
      expect(calls).toEqual([]);
      expect(notes).toEqual(["Left out 5 images, styles or frames that would have been loaded from elsewhere."]);
    });
  });

  it("html keeps the images it carries within", async () => {
    const image = (
      await sharp({ create: { width: 9, height: 9, channels: 3, background: "red" } })
        .png()
        .toBuffer()
    ).toString("base64");

    const withImage = await convertBytes(
      namedAs("html", `<html><p>x</p><img src="data:image/png;base64,${image}">`),
      "pdf",
    );
    const without = await convertBytes(namedAs("html", "<html><p>x</p>"), "pdf");

    expect(withImage.notes).toEqual([]);
    expect(withImage.bytes.includes("/Subtype/Image")).toBe(true);
    expect(without.bytes.includes("/Subtype/Image")).toBe(false);
  });

  it("Markdown becomes a pdf with headings, lists and tables laid out", async () => {
    const markdown =
      '# Title\n\nA *word* and `code`.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<img src="file:///etc/passwd">';

    const { bytes, notes } = await convertBytes(namedAs("md", markdown), "pdf");

    const text = await pdfText(bytes);
    expect(text).toMatch(/Title .*A word and code .*one.*two.*a.*b.*1.*2/);
    expect(text).not.toContain("#");
    expect(notes).toHaveLength(1);
  });

  it("plain text is printed as it is, even when it looks like a page", async () => {
    const { bytes } = await convertBytes(namedAs("txt", "Zoë\n<html><img src='x'>\n"), "pdf");

    expect(await pdfText(bytes)).toContain("Zoë");
    expect(await pdfText(bytes)).toContain("<html><img");
  });

  it("long text becomes many pages", async () => {
    const { bytes } = await convertBytes(namedAs("txt", "line\n".repeat(500)), "pdf");

    expect((await readPdf(bytes)).length).toBeGreaterThan(5);
  });

  describe("refuses a document that would load", () => {
    it.each([
      ["an odt section from the disk", "odt", { "content.xml": ODT_SECTION("file:///etc/passwd") }],
      ["an odt picture from the network", "odt", { "content.xml": ODT_IMAGE("http://169.254.169.254/latest") }],
      ["an odt picture from beside it", "odt", { "content.xml": ODT_IMAGE("../secret.png") }],
      ["a docx picture", "docx", { "word/_rels/document.xml.rels": DOCX_RELATION("image", "file:///etc/passwd") }],
      ["a docx part", "docx", { "word/_rels/document.xml.rels": DOCX_RELATION("aFChunk", "http://127.0.0.1/") }],
      ["a docx field", "docx", { "word/document.xml": DOCX_FIELD('INCLUDETEXT "file:///etc/passwd"') }],
    ] as const)("%s", async (_, format, edits) => {
      const bytes = await withParts(format === "docx" ? docx : odt, edits);

      expect(await failureOf(convertBytes(namedAs(format, bytes), "pdf"))).toMatchObject({
        code: "external_reference",
      });
    });
  });

  it("has a second wall: even unchecked documents load nothing", async () => {
    await withBait(async ({ url, file, calls }) => {
      const program = await getTool("soffice", "the test");
      const documents = [
        [
          "odt",
          "writer8",
          await withParts(odt, { "content.xml": (xml) => ODT_IMAGE(`${url}/odt.png`)(ODT_SECTION(file)(xml)) }),
        ],
        [
          "docx",
          "MS Word 2007 XML",
          await withParts(docx, { "word/document.xml": DOCX_FIELD(`INCLUDETEXT "${file}"`) }),
        ],
        [
          "docx",
          "MS Word 2007 XML",
          await withParts(docx, { "word/document.xml": DOCX_FIELD(`INCLUDEPICTURE "${url}/docx.png"`) }),
        ],
        [
          "html",
          "HTML (StarWriter)",
          Buffer.from(
            `<html><p>page</p><img src="${url}/html.png"><iframe src="${file}"></iframe><link rel=stylesheet href="${url}/x.css">`,
          ),
        ],
      ] as const;

      for (const [ending, reader, bytes] of documents) {
        const text = await withWorkFolder(async (workFolder) => {
          const documentPath = path.join(workFolder, `document.${ending}`);
          const outputPath = path.join(workFolder, "out.pdf");
          await writeFile(documentPath, bytes);
          await documentToPdf({
            program,
            documentPath,
            reader,
            outputPath,
            workFolder,
            signal: new AbortController().signal,
          });
          return pdfText(await readFile(outputPath));
        });
        expect(text).not.toContain("SECRET");
      }
      expect(calls).toEqual([]);
    });
  }, 60_000);

  it.each([
    ["cut off", async () => docx.subarray(0, docx.length - 600), "corrupt_file"],
    ["with a part that is no XML", () => withParts(docx, { "word/document.xml": () => "<w:document" }), "corrupt_file"],
    [
      "that unpacks to gigabytes",
      () => withParts(docx, { "word/media/x.bin": () => Buffer.alloc(60_000_000) }),
      "zip_bomb",
    ],
    ["with a huge picture", () => withParts(docx, { "word/media/x.png": () => hugePng }), "too_many_pixels"],
    [
      "with a password",
      () =>
        withParts(odt, {
          "META-INF/manifest.xml": (xml) =>
            xml.replace(
              /<manifest:file-entry[^>]*content.xml[^>]*>/,
              '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>',
            ),
        }),
      "encrypted_file",
    ],
  ])("a document %s is refused", async (name, make, code) => {
    const format = name === "with a password" ? "odt" : "docx";

    expect(await failureOf(convertBytes(namedAs(format, await make()), "pdf"))).toMatchObject({ code });
  });

  it("an aborted conversion leaves no LibreOffice behind", async () => {
    const abort = new AbortController();
    const conversion = convertBytes(namedAs("txt", "hello"), "pdf", {
      signal: abort.signal,
      onProgress: ({ message }) => {
        if (message.includes("LibreOffice")) setImmediate(() => abort.abort(new Error("cancelled by the test")));
      },
    });

    await expect(conversion).rejects.toThrow("cancelled by the test");
    await waitUntil("no tool of this process runs", async () => (await runningTools()).length === 0);
  });
});

/** A png whose header claims 60,000 x 60,000 pixels. */
const hugePng = Buffer.from(
  "89504e470d0a1a0a0000000d494844520000ea600000ea600802000000a5dc36f50000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082",
  "hex",
);
