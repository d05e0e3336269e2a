// Holds a table of a reference page against the code: the same names, and the facts that each row must show.
import { readCode } from "./markdown.mjs";

/**
 * @param {string} path The page.
 * @param {{header: string[], rows: {cells: string[], line: number}[]}} table Its first column names things in backticks.
 * @param {ReadonlyMap<string, {cells?: Readonly<Record<string, string>>, words?: readonly string[]}>} facts
 *   Per name: what stands in certain columns, and which words the row must hold in backticks.
 * @returns {string[]} One line per fault.
 */
export function findTableFaults(path, table, facts) {
  const faults = [];
  const seen = new Set();
  for (const { cells, line } of table.rows) {
    const names = readCode(cells[0]);
    if (names.length !== 1) {
      faults.push(`${path}:${line}: the first cell must be one name in backticks, not ${cells[0]}`);
      continue;
    }
    const [name] = names;
    const fact = facts.get(name);
    if (fact === undefined) faults.push(`${path}:${line}: the code knows no ${name}`);
    else faults.push(...rowFaults({ path, line, name, cells, header: table.header }, fact));
    if (seen.has(name)) faults.push(`${path}:${line}: ${name} stands here twice`);
    seen.add(name);
  }
  for (const name of facts.keys()) if (!seen.has(name)) faults.push(`${path}: ${name} is missing from the table`);
  return faults;
}

function rowFaults({ path, line, name, cells, header }, { cells: expected = {}, words = [] }) {
  const faults = [];
  for (const [column, value] of Object.entries(expected)) {
    const shown = cells[header.indexOf(column)]?.replaceAll("`", "");
    if (shown !== value)
      faults.push(`${path}:${line}: ${name}: the column "${column}" says "${shown}", the code "${value}"`);
  }
  const shown = new Set(
    cells
      .slice(1)
      .flatMap(readCode)
      .flatMap((code) => code.match(/[\w.-]+/g) ?? []),
  );
  for (const word of words) if (!shown.has(word)) faults.push(`${path}:${line}: ${name}: \`${word}\` is not mentioned`);
  return faults;
}
