// The proto files, loaded: the service, what reflection tells about, and the messages of error details.
import type { ServiceDefinition } from "@grpc/grpc-js";
import { loadSync, type MessageTypeDefinition, type Options, type PackageDefinition } from "@grpc/proto-loader";
import { protoPath as healthProtoPath } from "grpc-health-check";
import { withOptionalFields } from "./optional-fields.js";
import { JOBS_SERVICE_NAME, PROTO_FOLDER } from "./proto-files.js";

export interface GrpcDefinitions {
  readonly jobs: ServiceDefinition;
  /** Everything that reflection tells about. */
  readonly reflected: PackageDefinition;
  /** `google.rpc` messages, by their names without the package. */
  readonly details: DetailCodecs;
}

export interface DetailCodecs {
  readonly Status: MessageCodec;
  readonly ErrorInfo: MessageCodec;
  readonly BadRequest: MessageCodec;
  readonly RetryInfo: MessageCodec;
}

export type MessageCodec = Pick<MessageTypeDefinition<object, object>, "serialize" | "deserialize">;

// `keepCase`: reflection shows the names as they are loaded, and they must be those of the file.
const LOADING: Options = { keepCase: true, longs: Number, enums: String, arrays: true, includeDirs: [PROTO_FOLDER] };

/** Reads files, synchronously: once per server, before it listens. */
export function loadDefinitions(): GrpcDefinitions {
  const own = loadSync("meanwhile/v2/jobs.proto", LOADING);
  const details = loadSync(["google/rpc/status.proto", "google/rpc/error_details.proto"], LOADING);
  const codec = (name: string) => details[`google.rpc.${name}`] as MessageTypeDefinition<object, object>;
  return {
    jobs: own[JOBS_SERVICE_NAME] as ServiceDefinition,
    reflected: withOptionalFields({ ...own, ...loadSync(healthProtoPath, LOADING) }),
    details: {
      Status: codec("Status"),
      ErrorInfo: codec("ErrorInfo"),
      BadRequest: codec("BadRequest"),
      RetryInfo: codec("RetryInfo"),
    },
  };
}
