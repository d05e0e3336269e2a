// One keep-alive HTTP/1.1 connection on a bare socket: cheap, so that the client does not hide the server's latency.
import { connect, type Socket } from "node:net";

export interface HttpAnswer {
  status: number;
  /** The head as it came: status line and headers. */
  head: string;
  body: string;
}

export interface HttpRequest {
  method: "GET" | "POST";
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

interface Waiting {
  resolve: (answer: HttpAnswer) => void;
  reject: (error: Error) => void;
}

const END_OF_HEAD = "\r\n\r\n";

/** Sends one request at a time. Understands answers with a Content-Length only, which all contenders give. */
export class HttpConnection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #waiting: Waiting | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("error", (error) => this.#waiting?.reject(error));
    socket.on("close", () => this.#waiting?.reject(new Error("The server closed the connection.")));
  }

  static open(port: number): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port });
      socket.once("connect", () => resolve(new HttpConnection(socket)));
      socket.once("error", reject);
    });
  }

  request(request: HttpRequest): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(textOf(request));
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headLength = this.#received.indexOf(END_OF_HEAD);
    if (headLength === -1) return;
    const head = this.#received.toString("latin1", 0, headLength);
    const bodyStart = headLength + END_OF_HEAD.length;
    const bodyLength = contentLengthOf(head);
    if (bodyLength === undefined) {
      this.#waiting?.reject(new Error(`An answer without Content-Length cannot be read here:\n${head}`));
      this.close();
      return;
    }
    if (this.#received.length < bodyStart + bodyLength) return;
    const body = this.#received.toString("utf8", bodyStart, bodyStart + bodyLength);
    this.#received = this.#received.subarray(bodyStart + bodyLength);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ status: Number(head.slice(9, 12)), head, body });
  }
}

/** The value of one header of a raw head; header names have no case. */
export function headerOf(head: string, name: string): string | undefined {
  return new RegExp(`\\r\\n${name}: *([^\\r]*)`, "i").exec(head)?.[1];
}

function contentLengthOf(head: string): number | undefined {
  if (/^HTTP\/1\.1 (204|304)/.test(head)) return 0;
  const value = headerOf(head, "content-length");
  return value === undefined ? undefined : Number(value);
}

function textOf({ method, path, headers = {}, body }: HttpRequest): string {
  const lines = [`${method} ${path} HTTP/1.1`, "host: 127.0.0.1"];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body === undefined) return `${lines.join("\r\n")}${END_OF_HEAD}`;
  lines.push("content-type: application/json", `content-length: ${Buffer.byteLength(body)}`);
  return `${lines.join("\r\n")}${END_OF_HEAD}${body}`;
}
