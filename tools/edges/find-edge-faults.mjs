// Judges every import of the workspace: layers, declarations, ways into a package, circles.
import { existsSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { posix } from "node:path";
import { listFiles } from "../list-files.mjs";
import { findCycles } from "./find-cycles.mjs";
import { isTestFile } from "./layers.mjs";
import { readImports } from "./read-imports.mjs";

const SOURCE = /\.[cm]?tsx?$/;
/** What tests feed to the program: somebody else's files, also wrong ones. */
const FIXTURE = /\/fixtures\//;

/**
 * @param {string} root The workspace.
 * @param {object} layers As in `layers.mjs`.
 * @returns {string[]} One line per fault: `path:line: what is wrong`.
 */
export function findEdgeFaults(root, layers) {
  const workspace = readWorkspace(root);
  const faults = [];
  const graph = new Map();
  for (const path of listFiles(root)) {
    if (!SOURCE.test(path) || !path.includes("/") || FIXTURE.test(path)) continue;
    const owner = workspace.owners.find(({ folder }) => path.startsWith(`${folder}/`));
    if (owner === undefined) {
      faults.push(`${path}: belongs to no package of the workspace`);
      continue;
    }
    const imports = readImports(path, readFileSync(`${root}/${path}`, "utf8"));
    for (const each of imports) {
      const wrong = judge(each, { path, owner, workspace, layer: layers[owner.folder], root });
      if (wrong !== undefined) faults.push(`${path}:${each.line}: ${wrong}`);
    }
    // Types vanish when they are compiled: a circle of types alone loads nothing in a wrong order.
    const loaded = imports.filter(({ specifier, typeOnly }) => specifier.startsWith(".") && !typeOnly);
    graph.set(
      path,
      loaded.map(({ specifier }) => sourceOf(path, specifier)),
    );
  }
  for (const { folder } of workspace.owners) {
    if (layers[folder] === undefined)
      faults.push(`${folder}: has no entry in tools/edges/layers.mjs; say what it may import`);
  }
  for (const cycle of findCycles(graph)) faults.push(`${cycle[0]}: imports itself: ${cycle.join(" -> ")}`);
  return faults;
}

function judge({ specifier }, { path, owner, workspace, layer, root }) {
  if (specifier.startsWith(".")) return judgeRelative(specifier, { path, owner, root });
  const test = isTestFile(path);
  if (specifier.startsWith("node:")) {
    if (test || layer?.builtins === undefined || Object.hasOwn(layer.builtins, specifier)) return undefined;
    return `${owner.name} does no IO: "${specifier}" is not on its list`;
  }
  if (builtinModules.includes(specifier)) return `write "node:${specifier}" for Node's own module`;
  const name = packageNameOf(specifier);
  if (name === owner.name) return `imports its own package by name; use a relative path`;
  const target = workspace.byName.get(name);
  if (target !== undefined) {
    if (!test && !(layer?.packages.includes(name) ?? false)) return `${owner.name} must not import ${name}`;
    const entry = `.${specifier.slice(name.length)}`;
    if (!Object.hasOwn(target.manifest.exports ?? {}, entry)) return `"${specifier}" goes past the exports of ${name}`;
  }
  return judgeDeclaration(name, { owner, workspace, test });
}

function judgeRelative(specifier, { path, owner, root }) {
  const source = sourceOf(path, specifier);
  if (!source.startsWith(`${owner.folder}/`)) return `"${specifier}" leaves the package; import it by name`;
  if (!/\.(js|json)$/.test(specifier)) return `"${specifier}" must end in .js`;
  return existsSync(`${root}/${source}`) ? undefined : `"${specifier}" does not exist`;
}

function judgeDeclaration(name, { owner, workspace, test }) {
  const { dependencies, optionalDependencies, peerDependencies, devDependencies } = owner.manifest;
  const forAll = { ...dependencies, ...optionalDependencies, ...peerDependencies };
  if (Object.hasOwn(forAll, name)) return undefined;
  const forTests = { ...devDependencies, ...workspace.manifest.devDependencies };
  if (test && Object.hasOwn(forTests, name)) return undefined;
  if (Object.hasOwn(forTests, name)) return `"${name}" is declared for tests only in ${owner.folder}/package.json`;
  return `"${name}" is not declared in ${owner.folder}/package.json`;
}

/** The file that a relative import means: sources are written .ts and named .js. */
function sourceOf(path, specifier) {
  return posix.join(posix.dirname(path), specifier).replace(/\.js$/, ".ts");
}

function packageNameOf(specifier) {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function readWorkspace(root) {
  const readManifest = (folder) => JSON.parse(readFileSync(`${root}/${folder}package.json`, "utf8"));
  const manifest = readManifest("");
  const owners = listFiles(root)
    .filter((path) => path.endsWith("/package.json") && isWorkspace(path, manifest.workspaces))
    .map((path) => path.slice(0, -"/package.json".length))
    .map((folder) => ({ folder, manifest: readManifest(`${folder}/`) }))
    .map((owner) => ({ ...owner, name: owner.manifest.name }));
  return { manifest, owners, byName: new Map(owners.map((owner) => [owner.name, owner])) };
}

function isWorkspace(path, patterns) {
  return patterns.some((pattern) =>
    pattern.endsWith("/*")
      ? posix.dirname(posix.dirname(path)) === pattern.slice(0, -2)
      : posix.dirname(path) === pattern,
  );
}
