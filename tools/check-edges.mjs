// Fails on an import that the architecture does not allow, or that no package.json declares.
import { findEdgeFaults } from "./edges/find-edge-faults.mjs";
import { LAYERS } from "./edges/layers.mjs";
import { reportFaults } from "./report-faults.mjs";

reportFaults("dependency edges", findEdgeFaults(process.cwd(), LAYERS));
