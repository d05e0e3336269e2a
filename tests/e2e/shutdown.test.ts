// SIGTERM: what runs gets its grace, what is left goes to another process at once, and nothing is counted for it.
import { until } from "@meanwhile/store-testkit";
import { afterEach, describe, expect, it } from "vitest";
import { type Exit, killLeftovers } from "../harness/process.js";
import { serve } from "../harness/serve.js";
import { describeOnEveryStore, testHome } from "../harness/stores.js";

afterEach(killLeftovers);

describeOnEveryStore((kind) => {
  describe("SIGTERM", () => {
    it("lets a running job end within the grace", async () => {
      const home = testHome(kind);
      const server = await serve({ ...home, shutdownGraceMs: 10_000 });
      const { body } = await server.api.submit("test.wait", { ms: 700 });
      await server.api.reaches(body.id, "PROCESSING");

      expect(await server.stop()).toEqual({ code: 0, signal: null });

      const next = await serve({ ...home, role: "api" });
      expect((await next.api.get(body.id)).body).toMatchObject({ status: "COMPLETED", attempt: 1 });
      await next.stop();
    });

    it("hands back what is still running after the grace, and another process finishes it in its first attempt", async () => {
      const home = testHome(kind);
      const api = await serve({ ...home, role: "api", leaseMs: 60_000 });
      const leaving = await serve({ ...home, role: "worker", leaseMs: 60_000, shutdownGraceMs: 200 });
      const deaf = await api.api.submit("test.deaf", { ms: 60_000 });
      const polite = await api.api.submit("test.wait", { ms: 2_000 });
      await api.api.reaches(deaf.body.id, "PROCESSING");
      await api.api.reaches(polite.body.id, "PROCESSING");

      expect(await leaving.stop()).toEqual({ code: 0, signal: null });
      for (const { body } of [deaf, polite]) {
        expect((await api.api.get(body.id)).body).toMatchObject({ status: "PENDING", attempt: 0 });
        expect(await api.api.told(body.id)).toEqual(["submitted", "started", "retrying"]);
      }
      const coming = await serve({ ...home, role: "worker", leaseMs: 60_000 });
      const job = await api.api.reaches(polite.body.id, "COMPLETED");

      expect(job).toMatchObject({ attempt: 1, result: { attempt: 1 } });
      coming.signal("SIGKILL");
      await coming.exited;
      await api.stop();
    });

    it("answers whoever waits, and takes no more jobs, while what runs goes on", async () => {
      const home = testHome(kind);
      const server = await serve({ ...home, shutdownGraceMs: 10_000 });
      const { body } = await server.api.submit("test.wait", { ms: 1_500 });
      await server.api.reaches(body.id, "PROCESSING");
      const polling = server.api.request("GET", `/api/v2/jobs/${body.id}/longpoll?timeout=30000`);
      // Answered by the server only while it serves: it proves that the poll has come in before the signal.
      await server.api.get(body.id);

      const stopped = server.stop();
      const polled = await polling;
      const exit = await stopped;

      expect(polled.status).toBe(200);
      expect(exit).toEqual({ code: 0, signal: null });
    });

    it("a second time ends the process at once", async () => {
      const server = await serve({ ...testHome(kind), shutdownGraceMs: 60_000 });
      const { body } = await server.api.submit("test.deaf", { ms: 60_000 });
      await server.api.reaches(body.id, "PROCESSING");
      let exit: Exit | undefined;
      void server.exited.then((ended) => {
        exit = ended;
      });

      server.signal("SIGTERM");
      const ended = await until(
        () => {
          // Two of the same moment count as one: a terminal and npm both pass on one Ctrl-C.
          server.signal("SIGTERM");
          return exit;
        },
        { what: "the process has ended" },
      );

      expect(ended).toEqual({ code: 143, signal: null });
    });
  });
});
