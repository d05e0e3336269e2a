// gRPC by `@grpc/grpc-js`, with the service as the server describes it by reflection: nothing of ours is read.
import {
  type ClientReadableStream,
  credentials,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import type { JobEvent } from "@meanwhile/protocol";
import { GrpcReflection } from "grpc-js-reflection-client";
import { pause, type Reader, type Reading } from "./reader.js";

/** A message of the service, as a client without generated types has it. */
// biome-ignore lint/suspicious/noExplicitAny: what reflection gives
export type Message = any;

export interface JobsClient {
  call(method: string, request: object): Promise<Message>;
  stream(method: string, request: object): ClientReadableStream<Message>;
  close(): void;
}

const LOADING = { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true };

/** @param address `127.0.0.1:<port>`. @throws Error where the server describes no such service. */
export async function connectByReflection(address: string): Promise<JobsClient> {
  return connectTo(address, await describeService(address));
}

/** What the server says about the service. */
export async function describeService(address: string): Promise<Message> {
  const reflection = new GrpcReflection(address, credentials.createInsecure());
  const descriptor = await reflection.getDescriptorBySymbol("meanwhile.v2.Jobs");
  return descriptor.getPackageObject(LOADING);
}

/** In a connection of its own. */
export function connectTo(address: string, described: Message): JobsClient {
  const Jobs = described.meanwhile.v2.Jobs as ServiceClientConstructor;
  const client = new Jobs(address, credentials.createInsecure(), {
    // A server that comes back is tried soon; the default waits up to two minutes.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 500,
    "grpc.use_local_subchannel_pool": 1,
  }) as Message;
  return {
    call: (method, request) =>
      new Promise((resolve, reject) => {
        client[method](request, (error: ServiceError | null, message: Message) => {
          if (error === null) resolve(message);
          else reject(error);
        });
      }),
    stream: (method, request) => client[method](request),
    close: () => client.close(),
  };
}

/** Watches again behind its last update whenever a watch ends with UNAVAILABLE. */
export const readByGrpc: Reader = async (reading) => {
  const client = await findClient(reading);
  let after = reading.after;
  try {
    while (client !== undefined && !reading.signal.aborted) {
      const end = await watchOnce(client, { ...reading, after }, (seq) => {
        after = seq;
      });
      if (end === "end") return;
      await pause(50, reading.signal);
    }
  } finally {
    client?.close();
  }
};

async function findClient({ grpc, signal }: Reading): Promise<JobsClient | undefined> {
  while (!signal.aborted) {
    try {
      return await connectByReflection(grpc);
    } catch (error) {
      if (!mayPass(error as ServiceError)) throw error;
      await pause(100, signal);
    }
  }
  return undefined;
}

async function watchOnce(
  client: JobsClient,
  { jobId, after, note, signal }: Reading,
  moved: (seq: number) => void,
): Promise<"end" | "again"> {
  const stream = client.stream("WatchJob", { job_id: jobId, after_seq: after });
  const leave = () => stream.cancel();
  signal.addEventListener("abort", leave, { once: true });
  try {
    for await (const update of stream) {
      if (signal.aborted) return "again";
      note(toSeen(update));
      moved(update.seq);
    }
    return "end";
  } catch (error) {
    if (signal.aborted || mayPass(error as ServiceError)) return "again";
    throw error;
  } finally {
    signal.removeEventListener("abort", leave);
  }
}

/** The client of reflection hides the code in its text. */
function mayPass({ code, message }: ServiceError): boolean {
  return code === status.UNAVAILABLE || message.includes("14 UNAVAILABLE");
}

function toSeen({ job_id: jobId, seq, type, status: after, at, data_json }: Message) {
  return { jobId, seq, type, status: after, at, data: JSON.parse(data_json) } as JobEvent;
}
