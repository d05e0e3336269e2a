// The load generator, in a process of its own so that its CPU is not the server's.
import { answerCalls } from "./calls.js";
import { Followers } from "./workloads/followers.js";
import { answerSizeOf, runClients } from "./workloads/http-clients.js";
import { floodWithPosts } from "./workloads/post-flood.js";
import { WebhookReceiver } from "./workloads/webhook-receiver.js";

export interface LoadMethods {
  runClients: typeof runClients;
  answerSizeOf: typeof answerSizeOf;
  floodWithPosts: typeof floodWithPosts;
  openFollowers: Followers["open"];
  receiveEvents: Followers["receive"];
  holdFollowers: Followers["hold"];
  closeFollowers: Followers["close"];
  openReceiver: WebhookReceiver["open"];
  receiveWebhooks: WebhookReceiver["receive"];
  closeReceiver: WebhookReceiver["close"];
}

const followers = new Followers();
const receiver = new WebhookReceiver();

answerCalls<LoadMethods>({
  ...{ runClients, answerSizeOf, floodWithPosts },
  openFollowers: (options) => followers.open(options),
  receiveEvents: (options) => followers.receive(options),
  holdFollowers: (options) => followers.hold(options),
  closeFollowers: () => followers.close(),
  openReceiver: () => receiver.open(),
  receiveWebhooks: (options) => receiver.receive(options),
  closeReceiver: () => receiver.close(),
});
