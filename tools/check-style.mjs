// Fails on what the formatter and linter cannot know about this project's style.
import { reportFaults } from "./report-faults.mjs";
import { findStyleFaults } from "./style/find-style-faults.mjs";
import * as rules from "./style/rules.mjs";

reportFaults("style", findStyleFaults(process.cwd(), rules));
