// Somebody who gets webhooks: answers 204, or as the test says, and keeps what came.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { WebhookBody } from "@meanwhile/protocol";
import { onTestFinished } from "vitest";

export interface Hook {
  readonly headers: Record<string, string>;
  readonly text: string;
  readonly body: WebhookBody;
}

export interface HookReceiver {
  readonly url: string;
  readonly hooks: readonly Hook[];
  /** From now on. */
  answer(statusCode: number): void;
}

export async function startHookReceiver(): Promise<HookReceiver> {
  const hooks: Hook[] = [];
  let statusCode = 204;
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      text += chunk;
    });
    request.on("end", () => {
      hooks.push({ headers: request.headers as Record<string, string>, text, body: JSON.parse(text) });
      response.writeHead(statusCode).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    hooks,
    answer: (next) => {
      statusCode = next;
    },
  };
}
