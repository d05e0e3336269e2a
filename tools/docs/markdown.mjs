// Reads what checks need of a Markdown file: fenced blocks, tables, headings, links. No general parser.

/** @returns {{language: string, code: string, line: number}[]} `line` is that of the first line inside. */
export function readFences(text) {
  const fences = [];
  let open;
  for (const [index, line] of text.split("\n").entries()) {
    const mark = /^\s*(`{3,})\s*(\S*)/.exec(line);
    if (open === undefined && mark !== null) {
      open = { language: mark[2], mark: mark[1], lines: [], line: index + 2 };
    } else if (open !== undefined && line.trim() === open.mark) {
      fences.push({ language: open.language, code: open.lines.join("\n"), line: open.line });
      open = undefined;
    } else {
      open?.lines.push(line);
    }
  }
  if (open !== undefined) throw new Error(`The block opened on line ${open.line - 1} is never closed.`);
  return fences;
}

/** @returns {{heading: string, header: string[], rows: {cells: string[], line: number}[]}[]} */
export function readTables(text) {
  const tables = [];
  let heading = "";
  let table;
  for (const { line, number } of proseLines(text)) {
    const title = /^#+\s+(.*)$/.exec(line);
    if (title !== null) heading = title[1].trim();
    if (!line.startsWith("|")) {
      table = undefined;
    } else if (table === undefined) {
      table = { heading, header: cellsOf(line), rows: [] };
      tables.push(table);
    } else if (!/^[|\s:-]+$/.test(line)) {
      table.rows.push({ cells: cellsOf(line), line: number });
    }
  }
  return tables;
}

/** A `|` inside a cell is written `\|`. */
function cellsOf(line) {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/** Anchors as the usual renderers make them of headings; repeated ones are numbered. */
export function readAnchors(text) {
  const anchors = new Set();
  for (const { line } of proseLines(text)) {
    const title = /^#+\s+(.*)$/.exec(line);
    if (title === null) continue;
    const slug = title[1]
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replace(/\s/g, "-");
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** @returns {{target: string, line: number}[]} */
export function readLinks(text) {
  return [...proseLines(text)].flatMap(({ line, number }) =>
    [...line.replace(/`[^`]*`/g, "").matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)].map((match) => ({
      target: match[1],
      line: number,
    })),
  );
}

/** What stands in backticks. */
export function readCode(cell) {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]);
}

function* proseLines(text) {
  let fence;
  for (const [index, line] of text.split("\n").entries()) {
    const mark = /^\s*(`{3,})/.exec(line)?.[1];
    if (fence === undefined && mark !== undefined) fence = mark;
    else if (fence !== undefined && line.trim() === fence) fence = undefined;
    else if (fence === undefined) yield { line, number: index + 1 };
  }
}
