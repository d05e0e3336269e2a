// The gRPC service of meanwhile.
export {};
