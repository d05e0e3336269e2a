// A client of grpc.health.v1 as load balancers are.
import { credentials, makeClientConstructor, type ServiceError } from "@grpc/grpc-js";
import { service } from "grpc-health-check";
import { onTestFinished } from "vitest";
import type { Message } from "./test-client.js";

export interface HealthClient {
  check(service: string): Promise<string>;
  /** What is said from now on, as it comes. */
  watch(service: string): readonly string[];
}

export function healthClient(address: string): HealthClient {
  const Health = makeClientConstructor(service, "Health");
  const client = new Health(address, credentials.createInsecure()) as Message;
  onTestFinished(() => client.close());
  return {
    check: (name) =>
      new Promise((resolve, reject) => {
        client.check({ service: name }, (error: ServiceError | null, answer: { status: string }) =>
          error === null ? resolve(answer.status) : reject(error),
        );
      }),
    watch(name) {
      const said: string[] = [];
      const stream = client.watch({ service: name });
      stream.on("data", ({ status }: { status: string }) => said.push(status));
      // It ends with the server.
      stream.on("error", () => {});
      return said;
    },
  };
}
