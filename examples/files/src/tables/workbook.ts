// The parts of a workbook beside its rows: which sheet comes first, the shared texts, which styles show dates.
import path from "node:path";
import { readAllXml } from "../containers/read-xml.js";
import type { ZipContainer } from "../containers/zip-container.js";
import { ConversionError } from "../conversion-error.js";
import { MAX_ROW_CHARACTERS, MAX_SHARED_TEXT_CHARACTERS, MAX_WORKBOOK_PART_BYTES } from "../limits.js";

export interface Workbook {
  /** The part that holds the rows of the first visible sheet. */
  readonly sheetPart: string;
  readonly sheetName: string;
  readonly sheetCount: number;
  /** Whether days are counted from 1904 (old Macintosh files) rather than from 1900. */
  readonly countsFrom1904: boolean;
  readonly sharedTexts: readonly string[];
  /** By number of the cell's style: whether its number is to be read as a day. */
  readonly dateStyles: readonly boolean[];
}

export async function readWorkbook(container: ZipContainer): Promise<Workbook> {
  const { sheets, countsFrom1904 } = await readSheets(container);
  const sheet = sheets.find(({ isHidden }) => !isHidden) ?? sheets[0];
  if (sheet === undefined) throw new ConversionError("corrupt_file", "The workbook has no sheet.");
  const target = (await readRelations(container)).get(sheet.relationId);
  if (target === undefined)
    throw new ConversionError("corrupt_file", `The workbook's sheet "${sheet.name}" has no content.`);
  return {
    sheetPart: target.startsWith("/") ? target.slice(1) : path.posix.join("xl", target),
    sheetName: sheet.name,
    sheetCount: sheets.length,
    countsFrom1904,
    sharedTexts: await readSharedTexts(container),
    dateStyles: await readDateStyles(container),
  };
}

/** `_x000D_` is the format's way to write what XML cannot hold. */
export function unescapeText(text: string): string {
  if (!text.includes("_x")) return text;
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

interface Sheet {
  readonly name: string;
  readonly relationId: string;
  readonly isHidden: boolean;
}

async function readSheets(container: ZipContainer): Promise<{ sheets: Sheet[]; countsFrom1904: boolean }> {
  const sheets: Sheet[] = [];
  let countsFrom1904 = false;
  await readAllXml(await smallPart(container, "xl/workbook.xml"), {
    open(name, attributes) {
      if (name === "workbookPr") countsFrom1904 = attributes.date1904 === "1" || attributes.date1904 === "true";
      if (name !== "sheet") return;
      const relation = Object.entries(attributes).find(([key]) => key.endsWith(":id"));
      const isHidden = attributes.state !== undefined && attributes.state !== "visible";
      sheets.push({ name: attributes.name ?? "", relationId: relation?.[1] ?? "", isHidden });
    },
  });
  return { sheets, countsFrom1904 };
}

async function readRelations(container: ZipContainer): Promise<ReadonlyMap<string, string>> {
  const targets = new Map<string, string>();
  await readAllXml(await smallPart(container, "xl/_rels/workbook.xml.rels"), {
    open(name, { Id, Target }) {
      if (name === "Relationship" && Id !== undefined && Target !== undefined) targets.set(Id, Target);
    },
  });
  return targets;
}

async function readSharedTexts(container: ZipContainer): Promise<readonly string[]> {
  if (!container.has("xl/sharedStrings.xml")) return [];
  const texts: string[] = [];
  const item = new TextOfItem();
  let characters = 0;
  await readAllXml(await container.stream("xl/sharedStrings.xml"), {
    open(name) {
      if (name === "si") item.start();
      item.open(name);
    },
    text: (text) => item.add(text),
    close(name) {
      item.close(name);
      if (name !== "si") return;
      texts.push(unescapeText(item.text));
      // Each entry costs memory even when it is empty.
      characters += item.text.length + 16;
      if (characters > MAX_SHARED_TEXT_CHARACTERS)
        throw new ConversionError("zip_bomb", "The workbook's shared texts are longer than a workbook needs.");
    },
  });
  return texts;
}

/** The text of a cell or shared item: its runs joined, without the pronunciation (`rPh`) that East Asian texts carry. */
export class TextOfItem {
  text = "";
  #inText = false;
  #inPronunciation = false;

  start(): void {
    this.text = "";
  }

  open(name: string): void {
    if (name === "t") this.#inText = true;
    if (name === "rPh") this.#inPronunciation = true;
  }

  add(text: string): void {
    if (!this.#inText || this.#inPronunciation) return;
    this.text += text;
    if (this.text.length > MAX_ROW_CHARACTERS)
      throw new ConversionError(
        "cell_too_long",
        `A text of the workbook has more than ${MAX_ROW_CHARACTERS} characters.`,
      );
  }

  close(name: string): void {
    if (name === "t") this.#inText = false;
    if (name === "rPh") this.#inPronunciation = false;
  }
}

async function readDateStyles(container: ZipContainer): Promise<readonly boolean[]> {
  if (!container.has("xl/styles.xml")) return [];
  const codes = new Map<number, string>();
  const styles: boolean[] = [];
  let inCellFormats = false;
  await readAllXml(await smallPart(container, "xl/styles.xml"), {
    open(name, attributes) {
      if (name === "numFmt") codes.set(Number(attributes.numFmtId), attributes.formatCode ?? "");
      if (name === "cellXfs") inCellFormats = true;
      if (name === "xf" && inCellFormats) styles.push(isDateFormat(Number(attributes.numFmtId ?? 0), codes));
    },
    close(name) {
      if (name === "cellXfs") inCellFormats = false;
    },
  });
  return styles;
}

/** The built-in date and time formats, those of East Asian locales included (ECMA-376 part 1, 18.8.30). */
function isDateFormat(id: number, codes: ReadonlyMap<number, string>): boolean {
  const code = codes.get(id);
  if (code === undefined)
    return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);
  // What is quoted, escaped or in brackets is decoration; bracketed hours and minutes are durations, which stay numbers.
  return /[ymdhs]/i.test(code.replace(/"[^"]*"|\\.|\[[^\]]*\]|_.|\*./g, ""));
}

async function smallPart(container: ZipContainer, name: string) {
  if (container.sizeBytes(name) > MAX_WORKBOOK_PART_BYTES)
    throw new ConversionError("zip_bomb", `The workbook's part "${name}" is larger than a workbook needs.`);
  return container.stream(name);
}
