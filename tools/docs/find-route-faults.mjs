// Holds the requests that a page lists against those that the server's own document describes.
import { findTableFaults } from "./find-table-faults.mjs";
import { readTables } from "./markdown.mjs";

const METHODS = ["get", "head", "post", "put", "patch", "delete"];

/**
 * @param {string} path The page; its tables whose first column is called "Request" list requests.
 * @param {string} text
 * @param {object} openapi The document of a running server. Operations with the tag in `apart` are described elsewhere.
 * @param {{apart: readonly string[]}} options
 */
export function findRouteFaults(path, text, openapi, { apart }) {
  const facts = new Map();
  for (const [route, operations] of Object.entries(openapi.paths)) {
    for (const method of METHODS) {
      const operation = operations[method];
      if (operation === undefined || operation.tags?.some((tag) => apart.includes(tag))) continue;
      facts.set(`${method.toUpperCase()} ${route}`, {});
    }
  }
  const rows = readTables(text)
    .filter(({ header }) => header[0] === "Request")
    .flatMap((table) => table.rows);
  return findTableFaults(path, { header: ["Request"], rows }, facts);
}
