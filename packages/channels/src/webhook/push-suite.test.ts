// The webhook channel keeps what every push channel promises.

import { type Receiver, startReceiver, status } from "../testing/receiver.js";
import { startChannel } from "../testing/webhook.js";
import { describePushChannel } from "../testkit/push-suite.js";

describePushChannel("webhook", async () => {
  const accepting = await startReceiver();
  const failing = await startReceiver({ answer: status(500) });
  const silent = await startReceiver({ answer: () => {} });
  const gone = await startReceiver({ answer: status(410) });
  const forbidden = await startReceiver({ host: "127.0.0.2" });
  const all = [accepting, failing, silent, gone, forbidden];
  const at = (target: string) => all.find(({ url }) => url === target) as Receiver;
  return {
    channel: startChannel(),
    accepting: accepting.url,
    failing: failing.url,
    silent: silent.url,
    gone: gone.url,
    forbidden: forbidden.url,
    arrivals: (target) => at(target).received.map(({ headers, body }) => ({ id: String(headers["webhook-id"]), body })),
    underWay: (target) => at(target).openConnections,
  };
});
