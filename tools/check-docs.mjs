// Fails where a page says something that the code does not: tables of names, defaults and codes, and links.
import { existsSync, readFileSync } from "node:fs";
import * as facts from "./docs/facts.mjs";
import { findLinkFaults } from "./docs/find-link-faults.mjs";
import { findTableFaults } from "./docs/find-table-faults.mjs";
import { readTables } from "./docs/markdown.mjs";
import { reportFaults } from "./report-faults.mjs";

const root = process.cwd();

/** Page, heading above the table, what the code says. */
const TABLES = [
  ["docs/reference/errors.md", "Problems", facts.errorFacts()],
  ["docs/reference/errors.md", "Errors of jobs", facts.jobErrorFacts()],
  ["docs/reference/events.md", "Types", facts.eventFacts(root)],
  ["docs/reference/http-api.md", "Statuses", facts.statusFacts()],
  ["docs/reference/http-api.md", "Members of a submit", facts.envelopeFacts(root)],
  ["docs/reference/http-api.md", "Limits", facts.limitFacts()],
  ["docs/reference/http-api.md", "Who is calling", facts.scopeFacts()],
  ["docs/reference/configuration.md", "Settings", await facts.settingFacts(root)],
  ["docs/reference/cli.md", "Commands", await facts.commandFacts(root)],
  ["docs/reference/cli.md", "Exit codes", await facts.exitCodeFacts(root)],
  ["docs/reference/define-job.md", "Options", facts.jobOptionFacts(root)],
  ["packages/client/README.md", "Options", facts.clientOptionFacts(root)],
];

const tableFaults = TABLES.flatMap(([path, heading, expected]) => {
  if (!existsSync(`${root}/${path}`)) return [`${path}: the page is missing`];
  const table = readTables(readFileSync(`${root}/${path}`, "utf8")).find((each) => each.heading === heading);
  return table === undefined
    ? [`${path}: there is no table under the heading "${heading}"`]
    : findTableFaults(path, table, expected);
});

reportFaults("documents", [...tableFaults, ...findLinkFaults(root)]);
