// Clients that take jobs through their whole life over HTTP: submit, then know the outcome.
import { SUBMIT_BODY } from "../jobs.js";
import { quantile } from "../statistics.js";
import { awaitEvent } from "./event-stream.js";
import { type HttpAnswer, HttpConnection, headerOf } from "./http-connection.js";

/** `follow`: POST, 202, then a GET that waits. `held`: one POST that waits. `sse`: POST, 202, then the job's event stream. */
export type Way = "follow" | "held" | "sse";

export interface ClientsOutcome {
  jobs: number;
  elapsedMs: number;
  /** From the first byte of the POST to the answer that names the outcome. */
  knownP50Ms: number;
  knownP99Ms: number;
}

const WAIT = { prefer: "wait=30" };

/** Runs `count` jobs by `clients` clients, each taking its next job when the last one is known to be done. */
export async function runClients(options: {
  port: number;
  way: Way;
  clients: number;
  count: number;
}): Promise<ClientsOutcome> {
  const latenciesMs: number[] = [];
  const connections = await Promise.all(
    Array.from({ length: options.clients }, () => HttpConnection.open(options.port)),
  );
  const startedAt = performance.now();
  let left = options.count;
  const client = async (connection: HttpConnection) => {
    while (left-- > 0) {
      const submittedAt = performance.now();
      await liveThrough(connection, options);
      latenciesMs.push(performance.now() - submittedAt);
    }
  };
  try {
    await Promise.all(connections.map(client));
  } finally {
    for (const connection of connections) connection.close();
  }
  return {
    ...{ jobs: latenciesMs.length, elapsedMs: performance.now() - startedAt },
    ...{ knownP50Ms: quantile(latenciesMs, 0.5), knownP99Ms: quantile(latenciesMs, 0.99) },
  };
}

/** The size of the body that a server answers to one submit. */
export async function answerSizeOf(options: { port: number }): Promise<{ sizeBytes: number }> {
  const connection = await HttpConnection.open(options.port);
  try {
    const answer = await connection.request({ method: "POST", path: "/api/v2/jobs", body: SUBMIT_BODY });
    expectStatus(answer, 202);
    return { sizeBytes: Buffer.byteLength(answer.body) };
  } finally {
    connection.close();
  }
}

async function liveThrough(connection: HttpConnection, { way, port }: { way: Way; port: number }): Promise<void> {
  const submit = { method: "POST", path: "/api/v2/jobs", body: SUBMIT_BODY } as const;
  if (way === "held") return expectDone(await connection.request({ ...submit, headers: WAIT }));
  const accepted = await connection.request(submit);
  expectStatus(accepted, 202);
  const path = headerOf(accepted.head, "location");
  if (path === undefined) throw new Error(`The 202 has no Location:\n${accepted.head}`);
  if (way === "sse") return awaitEvent({ port, path: `${path}/events`, name: "job.completed" });
  expectDone(await connection.request({ method: "GET", path, headers: WAIT }));
}

function expectStatus(answer: HttpAnswer, status: number): void {
  if (answer.status !== status) throw new Error(`Expected ${status}, got:\n${answer.head}\n\n${answer.body}`);
}

function expectDone(answer: HttpAnswer): void {
  expectStatus(answer, 200);
  if (!answer.body.includes('"COMPLETED"')) throw new Error(`The job is not known to be done:\n${answer.body}`);
}
