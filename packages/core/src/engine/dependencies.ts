// What the engine is made of.
import type { Writer } from "../batch/writer.js";
import type { Clock } from "../clock.js";
import type { Catalog } from "../definition/catalog.js";
import type { PushChannel } from "../delivery/channel.js";
import type { Wakeups } from "../event/wakeups.js";
import type { Files } from "../files/files.js";
import type { IdSource } from "../ids.js";
import type { Store } from "../store/store.js";
import type { BirthPlaces } from "./birth.js";

export interface EngineDependencies {
  store: Store;
  catalog: Catalog;
  writer: Writer;
  wakeups: Wakeups;
  files: Files;
  clock: Clock;
  ids: IdSource;
  /** Through which targets are checked; `webhook` is refused where the channel of that name is not among them. */
  pushChannels: readonly PushChannel[];
  /** Free slots of a worker in this process. Default: none. */
  birthPlaces?: BirthPlaces;
  /** Whether new submits are refused because the process is going away. Default: never. */
  isDraining?: () => boolean;
}
