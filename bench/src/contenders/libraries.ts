// Library ids to what opens them. Loaded one at a time, so that no process carries another contender's code.
import type { Library, LibraryId } from "../contender.js";

const loaders: Record<LibraryId, () => Promise<Library>> = {
  async bullmq() {
    const [inside, http] = await Promise.all([import("./bullmq.js"), import("./bullmq-http.js")]);
    return {
      openSubmits: inside.openBullmqSubmits,
      openDrain: inside.openBullmqDrain,
      openWorker: inside.openBullmqWorker,
      openHttp: http.openBullmqHttp,
    };
  },
  async "pg-boss"() {
    const [inside, http] = await Promise.all([import("./pg-boss.js"), import("./pg-boss-http.js")]);
    return {
      openSubmits: inside.openPgBossSubmits,
      openDrain: inside.openPgBossDrain,
      openHttp: http.openPgBossHttp,
      openWorker: http.openPgBossWorker,
    };
  },
  async "graphile-worker"() {
    const { openGraphileWorkerSubmits, openGraphileWorkerDrain } = await import("./graphile-worker.js");
    return { openSubmits: openGraphileWorkerSubmits, openDrain: openGraphileWorkerDrain };
  },
  async "bare-fastify"() {
    const { openBareFastify } = await import("./bare-fastify.js");
    return { openHttp: openBareFastify };
  },
  async "bare-sse"() {
    const { openBareSse } = await import("./bare-sse.js");
    return { openFollowed: openBareSse };
  },
  async "bare-undici"() {
    const { openBareUndici } = await import("./bare-undici.js");
    return { openWebhooks: openBareUndici };
  },
  async "meanwhile-postgres"() {
    const [whole, claims] = await Promise.all([import("./meanwhile.js"), import("./meanwhile-claims.js")]);
    return {
      openClaims: claims.openMeanwhileClaims,
      openSubmits: (store) => whole.openMeanwhileSubmits(store),
      openDrain: (store) => whole.openMeanwhileDrain(store),
      openHttp: (store, options) => whole.openMeanwhileHttp(store, options),
      openWorker: whole.openMeanwhileWorker,
    };
  },
  async "meanwhile-sqlite"() {
    const [whole, claims, followed, webhooks] = await Promise.all([
      import("./meanwhile.js"),
      import("./meanwhile-claims.js"),
      import("./meanwhile-followed.js"),
      import("./meanwhile-webhooks.js"),
    ]);
    return {
      openSubmits: (store) => whole.openMeanwhileSubmits(store),
      openDrain: (store) => whole.openMeanwhileDrain(store),
      openHttp: (store, options) => whole.openMeanwhileHttp(store, options),
      openClaims: claims.openMeanwhileClaims,
      openFollowed: followed.openMeanwhileFollowed,
      openWebhooks: webhooks.openMeanwhileWebhooks,
    };
  },
  async "meanwhile-sqlite-thread"() {
    const [whole, { createThreadHostedStore }] = await Promise.all([
      import("./meanwhile.js"),
      import("./thread-hosted/thread-hosted-store.js"),
    ]);
    const openStore = (file: string) => createThreadHostedStore({ file });
    return {
      openSubmits: (store) => whole.openMeanwhileSubmits(store, openStore),
      openDrain: (store) => whole.openMeanwhileDrain(store, openStore),
      openHttp: (store, options) => whole.openMeanwhileHttp(store, options, openStore),
    };
  },
};

export function loadLibrary(id: LibraryId): Promise<Library> {
  return loaders[id]();
}
