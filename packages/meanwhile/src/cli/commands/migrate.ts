// `meanwhile migrate`: brings the store's tables up to date. Starting a server does the same.
import type { Command } from "commander";
import { openStore } from "../../open-store.js";
import { type CliIo, printLine } from "../cli-io.js";
import { addConfigOption, addSettings, settingsOf } from "../setting-options.js";

export function addMigrate(program: Command, io: CliIo): void {
  const command = program
    .command("migrate")
    .summary("bring the store's tables up to date")
    .description("Brings the store's tables up to date. Harmless where they are; serve and worker do it by themselves.")
    .addHelpText("after", "\nExample:\n  meanwhile migrate --store sqlite:./data/meanwhile.db");
  addConfigOption(addSettings(command, ["store"]));
  command.action(async () => {
    const { settings } = await settingsOf(command, io);
    const store = await openStore(settings.store);
    try {
      await store.migrate();
      printLine(io.stdout, `${store.name} is up to date.`);
    } finally {
      await store.close();
    }
  });
}
