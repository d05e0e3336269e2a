// `meanwhile webhooks listen`: a receiver on this machine, for whoever writes one.
import type { AddressInfo } from "node:net";
import { WebhookVerificationError } from "@meanwhile/client";
import type { Command } from "commander";
import { type ApiClient, Unreachable } from "../api-client.js";
import { CliError } from "../cli-error.js";
import { type CliIo, printLine } from "../cli-io.js";
import { eventLine } from "../event-text.js";
import { wholeNumber } from "../option-values.js";
import { addServerOptions, apiOf } from "../setting-options.js";
import { createWebhookListener, type TakenDelivery } from "../webhook-listener.js";

interface ListenFlags {
  port: number;
  secret?: string;
  forward?: string;
  json?: true;
}

export function addWebhooks(program: Command, io: CliIo): void {
  const webhooks = program
    .command("webhooks")
    .summary("take deliveries of webhooks on this machine")
    .description("Webhooks, for whoever writes a receiver.");
  const command = webhooks
    .command("listen")
    .summary("verify deliveries and print them")
    .description(
      "Takes deliveries on this machine, verifies their signatures, and prints one line for each. Ends with Ctrl-C.",
    )
    .option("--port <number>", "where to listen; 0 takes any port that is free", wholeNumber, 0)
    .option("--secret <secret>", "the whsec_ secret that signs (default: the server is asked for yours)")
    .option("--forward <url>", "hand verified deliveries on, as they came, and answer as that does")
    .option("--json", "print each delivery as one line of JSON")
    .addHelpText("after", "\nExample:\n  meanwhile webhooks listen --forward http://localhost:3000/hooks");
  addServerOptions(command);
  command.action(async () => {
    const flags = command.opts<ListenFlags>();
    if (flags.forward !== undefined && !URL.canParse(flags.forward)) {
      throw new CliError(
        "usage",
        `--forward must be an address such as http://localhost:3000/hooks; got "${flags.forward}".`,
      );
    }
    await listen(flags, { io, secret: flags.secret ?? (await ownSecret(await apiOf(command, io))) });
  });
}

async function listen(flags: ListenFlags, { io, secret }: { io: CliIo; secret: string }): Promise<void> {
  const interruption = io.interruption();
  const server = createWebhookListener({
    secret,
    forward: flags.forward,
    taken: (delivery) => printDelivery(delivery, { io, json: flags.json === true }),
    refused: (error) => printLine(io.stderr, `Refused a delivery: ${whyRefused(error, flags)}`),
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) =>
        reject(new CliError("usage", `Port ${flags.port} cannot be used: ${error.message}`)),
      );
      server.listen(flags.port, "127.0.0.1", resolve);
    });
    explainUse(io, (server.address() as AddressInfo).port);
    await new Promise<void>((resolve) =>
      interruption.signal.addEventListener("abort", () => resolve(), { once: true }),
    );
  } finally {
    server.closeAllConnections();
    server.close();
    interruption.release();
  }
}

function explainUse(io: CliIo, port: number): void {
  const url = `http://127.0.0.1:${port}/`;
  printLine(io.stderr, `Listening on ${url}. Submit a job that tells it:`);
  printLine(io.stderr, `  meanwhile submit demo.echo '{}' --webhook ${url}`);
  printLine(io.stderr, "The server must be allowed to: start it with MEANWHILE_ALLOW_PRIVATE_TARGETS=127.0.0.1");
}

function whyRefused(error: unknown, { secret }: ListenFlags): string {
  const why = error instanceof Error ? error.message : String(error);
  if (secret !== undefined || !(error instanceof WebhookVerificationError) || error.code !== "no_match") return why;
  return `${why} It was checked with your own secret; a standing endpoint has another: --secret whsec_…`;
}

function printDelivery(
  { id, body, forwarded, isDouble }: TakenDelivery,
  { io, json }: { io: CliIo; json: boolean },
): void {
  if (json) {
    printLine(io.stdout, JSON.stringify({ webhookId: id, ...body }));
    return;
  }
  const notes = [...(isDouble ? ["again"] : []), ...(forwarded === undefined ? [] : [`forwarded: ${forwarded}`])];
  const { event } = body.data;
  printLine(io.stdout, [eventLine(event), `job ${event.jobId}`, `delivery ${id}`, ...notes].join("  "));
}

/** @throws CliError saying what else would do. */
async function ownSecret(api: ApiClient): Promise<string> {
  try {
    return (await api.request<{ secret: string }>("/api/v2/webhooks/secret")).body.secret;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const reason = error instanceof Unreachable ? "unreachable" : "negative";
    const advice = "Or name the secret yourself, with --secret whsec_…";
    const told = new CliError(reason, `${error.message}\n${advice}`, { cause: error });
    throw Object.assign(told, { exitCode: error.exitCode });
  }
}
