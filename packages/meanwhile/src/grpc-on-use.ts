// The gRPC server, loaded once somebody listens: workers and most tests serve no gRPC, and start faster without it.
import type { GrpcParts, GrpcServer, GrpcServerOptions } from "@meanwhile/channel-grpc";

export function grpcOnUse(parts: GrpcParts, options: GrpcServerOptions | undefined): GrpcServer {
  let made: Promise<GrpcServer> | undefined;
  const make = async () => (await import("@meanwhile/channel-grpc")).createGrpcServer(parts, options);
  const ifMade = async (act: (server: GrpcServer) => unknown) => {
    // One that could not be made has said so to whoever wanted to listen.
    const server = await made?.catch(() => undefined);
    if (server !== undefined) await act(server);
  };
  return {
    async listen(place) {
      made ??= make();
      return (await made).listen(place);
    },
    leave: () => void ifMade((server) => server.leave()),
    drain: () => void ifMade((server) => server.drain()),
    close: () => ifMade((server) => server.close()),
  };
}
