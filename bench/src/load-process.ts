// The load generator, in a process of its own so that its CPU is not the server's.
import { answerCalls } from "./calls.js";
import { answerSizeOf, runClients } from "./workloads/http-clients.js";
import { floodWithPosts } from "./workloads/post-flood.js";

export interface LoadMethods {
  runClients: typeof runClients;
  answerSizeOf: typeof answerSizeOf;
  floodWithPosts: typeof floodWithPosts;
}

answerCalls<LoadMethods>({ runClients, answerSizeOf, floodWithPosts });
