import { describe, expect, it } from "vitest";
import { convertBytes, failureOf, namedAs } from "../testing/conversions.js";
import { makeXlsx, readXlsx } from "../testing/make-xlsx.js";
import { makeZip } from "../testing/make-zip.js";

async function textOf(conversion: ReturnType<typeof convertBytes>): Promise<string> {
  return (await conversion).bytes.toString("utf8");
}

describe("csv", () => {
  it("becomes json with every value as text: 007 stays 007", async () => {
    const csv = namedAs("csv", 'id,name,note\r\n007,"Ada, Countess","said ""hi""\nand left"\r\n1e5,Grace,\r\n');

    expect(JSON.parse(await textOf(convertBytes(csv, "json")))).toEqual([
      { id: "007", name: "Ada, Countess", note: 'said "hi"\nand left' },
      { id: "1e5", name: "Grace", note: "" },
    ]);
  });

  it("becomes a sheet with every value as text, formulas included", async () => {
    const csv = namedAs("csv", "id,formula\n007,=1+1\n0.10,a & <b>\n");

    const { bytes } = await convertBytes(csv, "xlsx");

    expect(await readXlsx(bytes)).toEqual([
      ["id", "formula"],
      ["007", "=1+1"],
      ["0.10", "a & <b>"],
    ]);
  });

  it.each([
    ["semicolons", "a;b\n1,5;2\n"],
    ["tabs", "a\tb\n1,5\t2\n"],
    ["a byte order mark", '\uFEFFa,b\n"1,5",2\n'],
  ])("is understood with %s", async (_, csv) => {
    expect(JSON.parse(await textOf(convertBytes(namedAs("csv", csv), "json")))).toEqual([{ a: "1,5", b: "2" }]);
  });

  it("is understood in UTF-16 with a byte order mark", async () => {
    const bytes = Buffer.from("\uFEFFname\nZoë\n", "utf16le");

    expect(JSON.parse(await textOf(convertBytes(namedAs("csv", bytes), "json")))).toEqual([{ name: "Zoë" }]);
  });

  it("keeps every column: unnamed and repeated names get a number", async () => {
    const json = await textOf(convertBytes(namedAs("csv", "a,,a,__proto__\n1,2,3,4\n5\n"), "json"));

    expect(json).toBe(
      '[\n{"a":"1","column_2":"2","a_2":"3","__proto__":"4"},\n{"a":"5","column_2":null,"a_2":null,"__proto__":null}\n]\n',
    );
  });

  it("with a header only is an empty list", async () => {
    expect(JSON.parse(await textOf(convertBytes(namedAs("csv", "a,b\n"), "json")))).toEqual([]);
  });

  it("says which row it is at", async () => {
    const csv = `n\n${"1\n".repeat(2_500)}`;

    const { progress } = await convertBytes(namedAs("csv", csv), "json");

    expect(progress.map(({ message }) => message)).toEqual([
      "Looking at the file",
      "Row 1,000",
      "Row 2,000",
      "Converted 2,501 rows",
    ]);
    expect(progress.at(-1)!.fraction).toBe(1);
  });

  it.each([
    ["a value beyond the header", "a\n1,2\n", "not_tabular", "Row 2"],
    ["a quote that is not closed", `a,b\n"1,2\n${"x".repeat(5_000_000)}`, "corrupt_file", "quote"],
    ["nothing but blank lines", "\n\n", "empty_file", "no rows"],
  ])("with %s is refused", async (_, csv, code, says) => {
    const failure = await failureOf(convertBytes(namedAs("csv", csv), "json"));

    expect(failure).toMatchObject({ code, message: expect.stringContaining(says) });
  });

  it("in an encoding that does not say its name is refused rather than misread", async () => {
    const latin = namedAs("csv", Buffer.from("name\nZo\xeb\n", "latin1"));

    expect(await failureOf(convertBytes(latin, "json"))).toMatchObject({ code: "unsupported_encoding" });
  });

  it("whose encoding changes far into the file is refused", async () => {
    const bytes = Buffer.concat([Buffer.from(`name\n${"Ada\n".repeat(50_000)}`), Buffer.from("Zo\xeb\n", "latin1")]);

    expect(await failureOf(convertBytes(namedAs("csv", bytes), "json"))).toMatchObject({
      code: "unsupported_encoding",
    });
  });

  it("with more rows than a sheet holds is refused for xlsx only", async () => {
    const csv = namedAs("csv", "1\n".repeat(1_048_577));

    expect(await failureOf(convertBytes(csv, "xlsx"))).toMatchObject({ code: "too_many_rows" });
  }, 60_000);

  it("with more columns, or a longer text, than a sheet holds is refused", async () => {
    const wide = namedAs("csv", `${"1,".repeat(16_384)}1\n`);
    const long = namedAs("csv", `a\n${"x".repeat(32_768)}\n`);

    expect(await failureOf(convertBytes(wide, "xlsx"))).toMatchObject({ code: "too_many_columns" });
    expect(await failureOf(convertBytes(long, "xlsx"))).toMatchObject({
      code: "cell_too_long",
      message: expect.stringContaining("A2"),
    });
  });
});

describe("json", () => {
  it("becomes csv with the union of all keys, in the order of their first appearance", async () => {
    const json = namedAs("json", '[{"b": 1, "7": "x"}, {"a": true, "b": null}, {"b": "comma, \\"quote\\""}]');

    expect(await textOf(convertBytes(json, "csv"))).toBe('b,7,a\r\n1,x,\r\n,,true\r\n"comma, ""quote""",,\r\n');
  });

  it("keeps the digits of numbers as written", async () => {
    const json = namedAs("json", '[{"id": 12345678901234567890, "price": 1.10, "tiny": -1e-7, "text": "a\\": 5"}]');

    const csv = await textOf(convertBytes(json, "csv"));
    const { bytes } = await convertBytes(json, "xlsx");

    expect(csv).toBe('id,price,tiny,text\r\n12345678901234567890,1.10,-1e-7,"a"": 5"\r\n');
    expect((await readXlsx(bytes))[1]).toEqual(["12345678901234567890", 1.1, -1e-7, 'a": 5']);
  });

  it("becomes a sheet with numbers and truth values as such", async () => {
    const { bytes } = await convertBytes(namedAs("json", '[{"n": 5, "t": true, "s": "5", "e": null}]'), "xlsx");

    expect(await readXlsx(bytes)).toEqual([
      ["n", "t", "s", "e"],
      [5, true, "5"],
    ]);
  });

  it.each([
    ["a nested object", '[{"a": 1}, {"a": {"b": 1}}]', "not_tabular", 'Element 2: "a"'],
    ["a nested list", '[{"a": [1]}]', "not_tabular", "flatten"],
    ["no array", '{"a": 1}', "not_tabular", "no array"],
    ["an array of numbers", "[{}, 1]", "not_tabular", "Element 2 of the array is a number"],
    ["nothing in it", "[]", "not_tabular", "empty"],
    ["an end that is missing", '[{"a": 1}, {"a"', "corrupt_file", "element 2"],
    ["a comma too many", '[{"a": 1},]', "corrupt_file", "element 2 is missing"],
    ["something after its end", '[{"a": 1}] x', "corrupt_file", "follows"],
    ["a syntax error", "[{a: 1}]", "corrupt_file", "Element 1"],
    ["very deep nesting", `[${'{"a":'.repeat(100_000)}`, "not_tabular", "deeper"],
  ])("with %s is refused", async (_, json, code, says) => {
    const failure = await failureOf(convertBytes(namedAs("json", json), "csv"));

    expect(failure).toMatchObject({ code, message: expect.stringContaining(says) });
  });

  it("reads the same however its bytes are cut", async () => {
    const objects = Array.from({ length: 9_000 }, (_, index) => ({ n: index, text: `"[{}],\\ü€😀 ${index}` }));

    const csv = await convertBytes(namedAs("json", JSON.stringify(objects)), "csv");
    const back = await convertBytes(namedAs("csv", csv.bytes), "json");

    expect(JSON.parse(back.bytes.toString())).toEqual(objects.map(({ n, text }) => ({ n: String(n), text })));
  });
});

describe("xlsx", () => {
  it("becomes json: numbers, truth values, texts, dates, formula results", async () => {
    const sheet = [
      ["n", "t", "s", "day", "moment", "sum", "rich"],
      [
        0.1 + 0.2,
        true,
        "007",
        new Date("2024-02-29"),
        new Date("2024-02-29T12:30:00Z"),
        { formula: "1+1", result: 2 },
        { richText: [{ text: "bo" }, { text: "ld" }] },
      ],
    ];
    const xlsx = namedAs("xlsx", await makeXlsx({ Data: sheet }));

    expect(JSON.parse(await textOf(convertBytes(xlsx, "json")))).toEqual([
      { n: 0.3, t: true, s: "007", day: "2024-02-29", moment: "2024-02-29T12:30:00", sum: 2, rich: "bold" },
    ]);
  });

  it("becomes csv, with gaps kept and empty rows left out", async () => {
    const xlsx = namedAs("xlsx", await makeXlsx({ Data: [["a", null, "c"], [], [null, "x"]] }));

    expect(await textOf(convertBytes(xlsx, "csv"))).toBe("a,,c\r\n,x\r\n");
  });

  it("gives its first visible sheet and says how many more there are", async () => {
    const xlsx = namedAs("xlsx", await makeXlsx({ First: [["a"], [1]], Second: [["b"]], Third: [["c"]] }));

    const { bytes, notes } = await convertBytes(xlsx, "csv");

    expect(bytes.toString()).toBe("a\r\n1\r\n");
    expect(notes).toEqual(['Converted the sheet "First"; 2 more in the workbook.']);
  });

  it("survives the way there and back", async () => {
    const csv = 'id,text\r\n007,"line\nbreak, ""quoted"" & <b>"\r\n008,\u0001 😀 _x0041_\r\n';

    const { bytes } = await convertBytes(namedAs("csv", csv), "xlsx");

    expect(await textOf(convertBytes(namedAs("xlsx", bytes), "csv"))).toBe(csv);
  });

  it("that was cut off is damaged", async () => {
    const bytes = await makeXlsx({ Data: [["a"], [1]] });

    expect(await failureOf(convertBytes(namedAs("xlsx", bytes.subarray(0, bytes.length - 400)), "csv"))).toMatchObject({
      code: "corrupt_file",
    });
  });

  it("with damaged content is damaged, whichever byte it is", async () => {
    const bytes = await makeXlsx({ Data: Array.from({ length: 200 }, (_, index) => [`text ${index}`, index]) });
    const expected = await textOf(convertBytes({ name: "x.xlsx", bytes }, "csv"));
    const failures = new Set<unknown>();

    for (let at = 40; at < bytes.length; at += 97) {
      const damaged = Buffer.from(bytes);
      damaged[at] = damaged[at]! ^ 0xff;
      const outcome = await convertBytes({ name: "x.xlsx", bytes: damaged }, "csv").catch((error) => error);
      if (outcome instanceof Error) failures.add((outcome as Error & { code?: unknown }).code);
      else expect(outcome.bytes.toString()).toBe(expected);
    }

    expect([...failures]).toEqual(["corrupt_file"]);
  });

  it("that packs gigabytes of nothing is refused", async () => {
    const bomb = await makeZip({
      "xl/workbook.xml": "<workbook/>",
      "xl/worksheets/sheet1.xml": Buffer.alloc(60_000_000, 32),
    });

    expect(await failureOf(convertBytes(namedAs("xlsx", bomb), "csv"))).toMatchObject({ code: "zip_bomb" });
  });

  it("that lies about its unpacked size is refused", async () => {
    const bytes = await makeZip({
      "xl/workbook.xml": `<workbook xmlns:r="r"><sheets><sheet name="S" r:id="r1"/></sheets></workbook>`,
      "xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>`,
      "xl/worksheets/sheet1.xml": `<worksheet><sheetData>${"<row><c><v>1</v></c></row>".repeat(100_000)}</sheetData></worksheet>`,
    });
    const entry = bytes.indexOf(Buffer.from("PK\x01\x02"), bytes.lastIndexOf("xl/_rels/workbook.xml.rels"));
    bytes.writeUInt32LE(1_000, entry + 24);

    expect(await failureOf(convertBytes(namedAs("xlsx", bytes), "csv"))).toMatchObject({ code: "corrupt_file" });
  });

  it("whose XML multiplies entities is refused", async () => {
    const bytes = await makeZip({
      "xl/workbook.xml": `<!DOCTYPE w [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><workbook>&b;</workbook>`,
    });

    expect(await failureOf(convertBytes(namedAs("xlsx", bytes), "csv"))).toMatchObject({ code: "corrupt_file" });
  });
});
