// The gRPC service of meanwhile.
export {
  createGrpcServer,
  type GrpcAuthenticator,
  type GrpcLiveCredentials,
  type GrpcParts,
  type GrpcServer,
} from "./create-grpc-server.js";
export type { GrpcServerOptions, GrpcTlsOptions } from "./options.js";
export { JOBS_PROTO, JOBS_SERVICE_NAME, PROTO_FOLDER } from "./proto-files.js";
