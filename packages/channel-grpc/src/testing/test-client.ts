// A gRPC client as strangers write it: grpc-js, and the proto file as it is shipped.
import {
  type ChannelCredentials,
  type ChannelOptions,
  type ClientReadableStream,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceClientConstructor,
  type ServiceError,
} from "@grpc/grpc-js";
import { loadSync, type MessageTypeDefinition } from "@grpc/proto-loader";
import { onTestFinished } from "vitest";
import { JOBS_PROTO, PROTO_FOLDER } from "../proto-files.js";

export interface ConnectOptions {
  readonly token?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly credentials?: ChannelCredentials;
  readonly channel?: ChannelOptions;
}

// biome-ignore lint/suspicious/noExplicitAny: what a client without generated types gets
export type Message = any;

export interface TestClient {
  /** A call with one answer. @throws CallError. */
  call(method: string, request: object, options?: { deadline?: Date }): Promise<Message>;
  /** The same, with the metadata of the answer. */
  callWithMetadata(method: string, request: object): Promise<{ message: Message; metadata: Metadata }>;
  stream(method: string, request: object, options?: { deadline?: Date }): ClientReadableStream<Message>;
  /** All messages of a stream. @throws CallError. */
  all(method: string, request: object): Promise<Message[]>;
  /** A submit and nothing more. */
  create(type: string, parameters?: object, rest?: object): Promise<Message>;
}

const LOADING = { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true };

export function connect(address: string, options: ConnectOptions = {}): TestClient {
  const loaded = loadPackageDefinition(loadSync(JOBS_PROTO, LOADING)) as Message;
  const Jobs = loaded.meanwhile.v2.Jobs as ServiceClientConstructor;
  const client = new Jobs(
    address,
    options.credentials ?? credentials.createInsecure(),
    options.channel ?? {},
  ) as Message;
  onTestFinished(() => client.close());
  const metadata = new Metadata();
  if (options.token !== undefined) metadata.set("authorization", `Bearer ${options.token}`);
  for (const [name, value] of Object.entries(options.metadata ?? {})) metadata.set(name, value);

  const call: TestClient["callWithMetadata"] = (method, request, callOptions = {}) =>
    new Promise((resolve, reject) => {
      let received = new Metadata();
      const sent = client[method](request, metadata, callOptions, (error: ServiceError | null, message: Message) => {
        if (error === null) resolve({ message, metadata: received });
        else reject(new CallError(error));
      });
      sent.on("metadata", (initial: Metadata) => {
        received = initial;
      });
    });
  const stream: TestClient["stream"] = (method, request, callOptions = {}) =>
    client[method](request, metadata, callOptions);
  return {
    call: async (method, request, callOptions) => (await (call as Message)(method, request, callOptions)).message,
    callWithMetadata: call,
    stream,
    all: (method, request) => readAll(stream(method, request)),
    create: (type, parameters = {}, rest = {}) =>
      call("CreateJob", { type, parameters_json: JSON.stringify(parameters), ...rest }).then(({ message }) => message),
  };
}

/** @throws CallError. */
export async function readAll(stream: ClientReadableStream<Message>): Promise<Message[]> {
  const messages: Message[] = [];
  try {
    for await (const message of stream) messages.push(message);
  } catch (error) {
    throw new CallError(error as ServiceError);
  }
  return messages;
}

/** The error that ends a stream, whatever came before it. */
export async function endOf(stream: ClientReadableStream<Message>): Promise<CallError> {
  try {
    for await (const _ of stream);
  } catch (error) {
    return new CallError(error as ServiceError);
  }
  throw new Error("The stream ended well.");
}

/** A call that failed, with its google.rpc details decoded. */
export class CallError extends Error {
  readonly code: number;
  readonly requestId: string | undefined;
  /** By the last part of their type's name. */
  readonly details: Readonly<Record<string, Message>>;
  readonly detailNames: readonly string[];
  readonly trailerBytes: number;

  constructor({ code, details: message, metadata }: ServiceError) {
    super(message);
    this.code = code;
    this.requestId = metadata.get("x-request-id")[0]?.toString();
    const [packed] = metadata.get("grpc-status-details-bin") as Buffer[];
    this.trailerBytes = (packed?.length ?? 0) * 1.34 + Buffer.byteLength(encodeURI(message));
    const status = packed === undefined ? { details: [] } : decode("Status", packed);
    const parts = status.details.map(({ type_url: url, value }: Message) => [url.split(".").at(-1), url, value]);
    this.detailNames = parts.map(([, url]: string[]) => url);
    this.details = Object.fromEntries(parts.map(([name, , value]: Message) => [name, decode(name, value)]));
  }
}

const rpc = loadSync(["google/rpc/status.proto", "google/rpc/error_details.proto"], {
  ...LOADING,
  includeDirs: [PROTO_FOLDER],
});

function decode(name: string, bytes: Buffer): Message {
  return (rpc[`google.rpc.${name}`] as MessageTypeDefinition<object, object>).deserialize(bytes);
}
