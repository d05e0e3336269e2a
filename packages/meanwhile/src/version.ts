// The version of this package, from its own package.json.
import { readFileSync } from "node:fs";

export const VERSION: string = readVersion();

function readVersion(): string {
  // One folder up from src and from dist alike.
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
