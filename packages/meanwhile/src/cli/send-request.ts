// One HTTP request with node:http. Not fetch: that of Node 20 never settles where a peer closes the connection as soon
// as it is made, which is what a server that is being restarted does. (Goes when Node 20 is no longer supported.)
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";

export interface HttpRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
  /** Silence for so long ends it with an error of the code `ETIMEDOUT`. */
  readonly silenceMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** @throws the socket's error, with its code; the signal's `AbortError`. */
export function sendRequest(url: string, { body, silenceMs, signal, ...options }: HttpRequest): Promise<HttpAnswer> {
  const send = url.startsWith("https:") ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const outgoing = send(url, { ...options, ...(signal === undefined ? {} : { signal }) }, (incoming) => {
      text(incoming).then(
        (received) => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text: received }),
        reject,
      );
    });
    outgoing.setTimeout(silenceMs, () => {
      outgoing.destroy(Object.assign(new Error(`Nothing was heard for ${silenceMs} ms.`), { code: "ETIMEDOUT" }));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
