// Serves an empty page that can import the built client, as a site without a bundler would.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const packages = fileURLToPath(new URL("../../../", import.meta.url));

const IMPORTS = {
  "@meanwhile/client": "/client/dist/index.js",
  "@meanwhile/protocol": "/protocol/dist/index.js",
};

const PAGE = `<!doctype html><title>test</title><script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>`;

/** @returns its origin. */
export async function startPageServer(): Promise<string> {
  const server = createServer(async ({ url = "/" }, response) => {
    if (url === "/") return void response.setHeader("content-type", "text/html").end(PAGE);
    const path = /^\/(?:client|protocol)\/dist\/[\w/-]+\.js$/.test(url) ? `${packages}${url}` : undefined;
    const code = path === undefined ? undefined : await readFile(path).catch(() => undefined);
    if (code === undefined) return void response.writeHead(404).end();
    response.setHeader("content-type", "text/javascript").end(code);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
