// For tests: whether the programs are here that some tests need. In CI they always are: a test never goes missing there.
import { findTool, type ToolName } from "../tools/find-tool.js";

const isCi = process.env.CI !== undefined && process.env.CI !== "" && process.env.CI !== "false";

export async function isToolMissing(name: ToolName): Promise<boolean> {
  return !isCi && (await findTool(name)) === undefined;
}
