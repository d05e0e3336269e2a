// Circles among files: what imports itself through others.

/**
 * @param {ReadonlyMap<string, readonly string[]>} graph File to the files that it imports.
 * @returns {string[][]} One path per circle found, first file repeated at the end.
 */
export function findCycles(graph) {
  const cycles = [];
  const done = new Set();
  const trail = [];
  const visit = (file) => {
    const start = trail.indexOf(file);
    if (start >= 0) {
      cycles.push([...trail.slice(start), file]);
      return;
    }
    if (done.has(file)) return;
    trail.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    trail.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return cycles;
}
