// The receiver of webhooks: answers 204 at once, and notes how old each one's event is.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { quantile } from "../statistics.js";
import { wallClockMs } from "./pace.js";

export interface ReceiverOutcome {
  received: number;
  /** More than once: sendings that were repeated. */
  repeated: number;
  /** From the first arrival to the last one. */
  elapsedMs: number;
  /** From the time that stands in the body to the end of the request. */
  p50Ms: number;
  p99Ms: number;
  bodyBytes: number;
}

export class WebhookReceiver {
  #server: Server | undefined;
  #ids = new Set<string>();
  #latenciesMs: number[] = [];
  #repeated = 0;
  #bodyBytes = 0;
  #firstAt = 0;
  #lastAt = 0;
  #waiting: { count: number; resolve(): void } | undefined;

  async open(): Promise<{ url: string }> {
    // As large servers have it: callers keep their connections between two bursts.
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      let body = "";
      request.setEncoding("latin1");
      request.on("data", (text: string) => {
        body += text;
      });
      request.on("end", () => {
        response.writeHead(204).end();
        this.#take(String(request.headers["webhook-id"]), body);
      });
    });
    this.#server = server;
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/webhooks` };
  }

  /** Waits until `count` different webhooks have arrived since the last call. */
  async receive({ count }: { count: number }): Promise<ReceiverOutcome> {
    if (this.#ids.size < count) {
      await new Promise<void>((resolve) => {
        this.#waiting = { count, resolve };
      });
    }
    const outcome = {
      ...{ received: this.#ids.size, repeated: this.#repeated, elapsedMs: this.#lastAt - this.#firstAt },
      ...{ p50Ms: quantile(this.#latenciesMs, 0.5), p99Ms: quantile(this.#latenciesMs, 0.99) },
      bodyBytes: this.#bodyBytes / (this.#ids.size + this.#repeated),
    };
    this.#ids = new Set();
    this.#latenciesMs = [];
    this.#repeated = this.#bodyBytes = 0;
    return outcome;
  }

  async close(): Promise<null> {
    this.#server?.closeAllConnections();
    this.#server?.close();
    return null;
  }

  #take(id: string, body: string): void {
    const now = wallClockMs();
    this.#bodyBytes += body.length;
    if (this.#ids.has(id)) {
      this.#repeated += 1;
      return;
    }
    if (this.#ids.size === 0) this.#firstAt = now;
    this.#lastAt = now;
    this.#ids.add(id);
    const text = body.slice(body.indexOf(TIMESTAMP) + TIMESTAMP.length);
    this.#latenciesMs.push(now - Date.parse(text.slice(0, text.indexOf('"'))));
    if (this.#ids.size === this.#waiting?.count) this.#waiting.resolve();
  }
}

/** The first one of the body is that of the webhook itself. */
const TIMESTAMP = '"timestamp":"';
