// What the showcase prints at its start: three lines for a shell, in this order.
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

const SAMPLE = fileURLToPath(new URL("../samples/sunset.png", import.meta.url));

export interface ExamplePlace {
  /** Where the API listens. */
  readonly url: string;
  /** The option of curl that sends the credentials; empty where none are needed. */
  readonly credential: string;
}

/** Submit a countdown and wait for it; convert a picture that ships with this example; download what became of it. */
export function exampleLines({ url, credential }: ExamplePlace): readonly string[] {
  const curl = `curl -s${credential === "" ? "" : ` ${credential}`}`;
  const sample = shellPath(SAMPLE);
  return [
    "Try, one after the other:",
    `  ${curl} ${url}/api/v2/jobs -H 'content-type: application/json' -H 'prefer: wait=30' -d '{"type":"demo.countdown"}'`,
    `  FILE=$(${curl} ${url}/api/files/convert -H 'prefer: wait=30' -F targetFormat=webp -F file=@${sample} | sed 's/.*"result":{"file":"\\([^"]*\\)".*/\\1/')`,
    `  ${curl} ${url}/api/files/download/$FILE -o sunset.webp && ls -l sunset.webp`,
  ];
}

/** As short as it can be written from here, and safe for a shell. */
function shellPath(path: string): string {
  const short = relative(process.cwd(), path);
  const shown = short.startsWith("..") ? path : short;
  return /^[\w./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}
