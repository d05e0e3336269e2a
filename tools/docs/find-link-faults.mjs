// Internal links that lead nowhere: to a file that is not there, or to a heading that it does not have.
import { existsSync, readFileSync, statSync } from "node:fs";
import { posix } from "node:path";
import { listFiles } from "../list-files.mjs";
import { readAnchors, readLinks } from "./markdown.mjs";

/** @returns {string[]} One line per fault. */
export function findLinkFaults(root) {
  return listFiles(root)
    .filter((path) => path.endsWith(".md"))
    .flatMap((path) =>
      readLinks(readFileSync(`${root}/${path}`, "utf8")).flatMap(({ target, line }) => {
        const wrong = judge(root, path, target);
        return wrong === undefined ? [] : [`${path}:${line}: ${wrong}`];
      }),
    );
}

function judge(root, path, link) {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [file, anchor] = link.split("#");
  const target = file === "" ? path : posix.join(posix.dirname(path), decodeURIComponent(file));
  if (file.startsWith("/") || target.startsWith("../")) return `the link ${link} leaves the project`;
  if (!existsSync(`${root}/${target}`)) return `the link ${link} leads to nothing`;
  if (anchor === undefined || statSync(`${root}/${target}`).isDirectory()) return undefined;
  if (readAnchors(readFileSync(`${root}/${target}`, "utf8")).has(anchor)) return undefined;
  return `the link ${link} leads to a heading that ${target} does not have`;
}
