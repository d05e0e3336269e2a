// A receiver of webhooks that behaves as a test tells it, may go away and come back, and remembers everything.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { WebhookBody } from "@meanwhile/protocol";
import { onTestFinished } from "vitest";

export interface Hook {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly body: WebhookBody;
  /** How often this delivery has come before. */
  readonly earlier: number;
  /** Whether the answer was a 2xx, whole. */
  wasAccepted: boolean;
}

export type Behaviour = (response: ServerResponse, hook: Hook) => void;

export interface HookReceiver {
  readonly url: string;
  /** Every arrival, in order. */
  readonly hooks: readonly Hook[];
  readonly connectionCount: number;
  /** From now on. */
  behave(behaviour: Behaviour): void;
  /** Closes the port: connections are refused until `comeBack`. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
}

export const accept: Behaviour = (response, hook) => {
  hook.wasAccepted = true;
  response.writeHead(204).end();
};

export async function startHookReceiver(host = "127.0.0.1"): Promise<HookReceiver> {
  const hooks: Hook[] = [];
  const seen = new Map<string, number>();
  let behaviour = accept;
  let connectionCount = 0;
  let port = 0;
  let server: Server;

  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    const headers = request.headers as Record<string, string>;
    const id = headers["webhook-id"] ?? "";
    const earlier = seen.get(id) ?? 0;
    seen.set(id, earlier + 1);
    const hook: Hook = { path: request.url ?? "", headers, text, body: JSON.parse(text), earlier, wasAccepted: false };
    hooks.push(hook);
    behaviour(response, hook);
  };
  const comeBack = async () => {
    // A sender that hangs up while it is being read is what some tests are about.
    server = createServer((request, response) => void receive(request, response).catch(() => response.destroy()));
    server.on("connection", () => connectionCount++);
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen({ host, port }, resolve));
    port = (server.address() as AddressInfo).port;
  };
  const goAway = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await comeBack();
  onTestFinished(goAway);
  return {
    url: `http://${host}:${port}`,
    hooks,
    get connectionCount() {
      return connectionCount;
    },
    behave: (next) => {
      behaviour = next;
    },
    goAway,
    comeBack,
  };
}
