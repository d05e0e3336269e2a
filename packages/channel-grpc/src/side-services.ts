// What stands beside the service on the same port: its health, and its description for tools.
import type { Server, ServerDuplexStream, ServerWritableStream, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { PackageDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { HealthImplementation } from "grpc-health-check";
import { JOBS_SERVICE_NAME } from "./proto-files.js";

export interface SideServices {
  /** `grpc.health.v1` for the whole server and for the service. */
  say(health: "SERVING" | "NOT_SERVING"): void;
  /** Ends the streams of those who watch the health or ask for descriptions: they never end by themselves. */
  endStreams(): void;
}

/** @param reflected What reflection tells about; `undefined` for no reflection. */
export function addSideServices(server: Server, reflected: PackageDefinition | undefined): SideServices {
  const streams = new Set<AnyStream>();
  const tracking: Pick<Server, "addService"> = {
    addService: (service, implementation) => {
      server.addService(service, trackStreams(implementation, { service, streams }));
    },
  };
  const health = new HealthImplementation();
  health.addToServer(tracking);
  if (reflected !== undefined) new ReflectionService(reflected).addToServer(tracking);
  return {
    say(now) {
      health.setStatus("", now);
      health.setStatus(JOBS_SERVICE_NAME, now);
    },
    endStreams() {
      // With OK: for any other status clients forget what came just before, which is that nobody serves here any more.
      for (const stream of streams) stream.end();
    },
  };
}

type AnyStream = ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>;

function trackStreams(
  implementation: UntypedServiceImplementation,
  { service, streams }: { service: Parameters<Server["addService"]>[0]; streams: Set<AnyStream> },
): UntypedServiceImplementation {
  const tracked: UntypedServiceImplementation = { ...implementation };
  for (const [name, { responseStream, originalName }] of Object.entries(service)) {
    if (!responseStream) continue;
    const key = implementation[name] === undefined ? (originalName ?? name) : name;
    const handle = implementation[key] as (stream: AnyStream) => void;
    tracked[key] = (stream: AnyStream) => {
      streams.add(stream);
      // Whether it ended well or was given up.
      stream.once("cancelled", () => streams.delete(stream));
      stream.once("close", () => streams.delete(stream));
      handle(stream);
    };
  }
  return tracked;
}
