// Runs of events arrive whole and in order, on whatever kind of response they are written.
import { once } from "node:events";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { toRun, writeRun } from "./run.js";

const EVENT = 'id: 1\ndata: "€"\n\n';

let close = () => {};
afterEach(() => close());

/** All that a server of node:http answers to these requests on one connection. */
async function answersTo(requests: string, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await once(server.listen(0, "127.0.0.1"), "listening");
  close = () => void server.close().closeAllConnections();
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.write(requests);
  return text(socket);
}

/** Without the heads. */
function bodiesOf(answers: string): string[] {
  return answers.split(/HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*\r\n/).slice(1);
}

function openStream(response: ServerResponse): void {
  response.writeHead(200, { connection: "close" });
  response.write(": \n\n");
}

describe("writeRun", () => {
  it("goes past a chunked response into its socket, as one chunk, between what is written to the response", async () => {
    const takers: boolean[] = [];
    const answers = await answersTo("GET / HTTP/1.1\r\nhost: a\r\n\r\n", (_request, response) => {
      openStream(response);
      takers.push(writeRun(response, toRun(EVENT)).taker === response.socket);
      response.write("x");
      writeRun(response, toRun(EVENT));
      response.end("y");
    });

    const chunk = `13\r\n${EVENT}\r\n`;
    expect(takers).toEqual([true]);
    expect(bodiesOf(answers)).toEqual([`4\r\n: \n\n\r\n${chunk}1\r\nx\r\n${chunk}1\r\ny\r\n0\r\n\r\n`]);
  });

  it("writes no chunks where the reader knows none", async () => {
    const answers = await answersTo("GET / HTTP/1.0\r\n\r\n", (_request, response) => {
      openStream(response);
      writeRun(response, toRun(EVENT));
      response.end();
    });

    expect(bodiesOf(answers)).toEqual([`: \n\n${EVENT}`]);
  });

  it("waits for the turn of a response that stands behind another one", async () => {
    const waiting: ServerResponse[] = [];
    const request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    const answers = await answersTo(request + request, (_request, response) => {
      if (waiting.push(response) < 2) return;
      openStream(response);
      writeRun(response, toRun(EVENT));
      waiting[0]!.end("first");
      writeRun(response, toRun(EVENT));
      response.end();
    });

    const chunk = `13\r\n${EVENT}\r\n`;
    expect(bodiesOf(answers)).toEqual(["first", `4\r\n: \n\n\r\n${chunk}${chunk}0\r\n\r\n`]);
  });

  it("leaves its say to whatever was put in the way of the response", async () => {
    const seen: unknown[] = [];
    await answersTo("GET / HTTP/1.1\r\nhost: a\r\n\r\n", (_request, response) => {
      openStream(response);
      const write = response.write.bind(response);
      response.write = (bytes: unknown) => {
        seen.push(String(bytes));
        return write(bytes);
      };
      writeRun(response, toRun(EVENT));
      response.end();
    });

    expect(seen).toEqual([EVENT]);
  });
});
