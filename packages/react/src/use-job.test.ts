// The hook in real components, against a real server.
import "./testing/browser.js";
import { createClient, JobCancelledError, type JobHandle } from "@meanwhile/client";
import { until } from "@meanwhile/store-testkit";
import { createElement, StrictMode } from "react";
import { afterEach, describe, expect, it } from "vitest";
import { type JobView, MeanwhileProvider, type UseJobOptions, useClient, useJob } from "./index.js";
import { startRealServer } from "./testing/real-server.js";

// Loaded behind the page that it looks for.
const { act, cleanup, render } = await import("@testing-library/react");
const { renderToString } = await import("react-dom/server");

afterEach(cleanup);

type Job = JobHandle<{ done: boolean }> | string | null;

async function setUp(parameters: { fails?: boolean } = {}) {
  const server = await startRealServer();
  const client = createClient({ baseUrl: server.url });
  const submitted = await client.submit("test.gated", parameters);
  return { server, client, id: submitted.id, submitted: submitted as JobHandle<{ done: boolean }> };
}

const textOf = ({ container }: { container: unknown }) => (container as { textContent: string }).textContent;

/** A component that keeps what it was given at each drawing. */
function watcher() {
  const views: JobView<{ done: boolean }>[] = [];
  const Watch = ({ job, ...options }: { job: Job } & UseJobOptions) => {
    const view = useJob<{ done: boolean }>(job, options);
    views.push(view);
    return createElement("output", null, `${view.status ?? "nothing"} ${view.progress} ${view.message ?? ""}`);
  };
  const last = () => views.at(-1)!;
  const becomes = (what: string, is: (view: JobView<{ done: boolean }>) => boolean) =>
    act(async () => {
      await until(() => is(last()), { what: `the component shows ${what}` });
    });
  return { Watch, views, last, becomes };
}

describe("useJob", () => {
  it("shows how the job goes, and its result", async () => {
    const { server, client, id } = await setUp();
    const { Watch, last, becomes } = watcher();
    const page = render(createElement(MeanwhileProvider, { client }, createElement(Watch, { job: id })));
    expect(textOf(page)).toBe("nothing 0 ");

    await becomes("that it runs", ({ status }) => status === "PROCESSING");
    server.open("first");
    await becomes("its progress", ({ progress }) => progress === 0.5);
    expect(textOf(page)).toBe("PROCESSING 0.5 half way");
    server.open("second");
    await becomes("its end", ({ isDone }) => isDone);

    expect(last()).toMatchObject({ status: "COMPLETED", progress: 1, result: { done: true }, error: undefined });
    await until(() => server.streams() === 0, { what: "the stream is closed" });
  });

  it("a handle needs no provider, and what it knows is shown at once", async () => {
    const { server, submitted } = await setUp();
    server.open("first");
    server.open("second");
    const { Watch, views, last, becomes } = watcher();

    render(createElement(Watch, { job: submitted }));
    await becomes("its end", ({ isDone }) => isDone);

    expect(views[0]?.status).toBe("PENDING");
    expect(last().result).toEqual({ done: true });
  });

  it("in StrictMode one stream is open, and events come once", async () => {
    const { server, client, id } = await setUp();
    const { Watch, last, becomes } = watcher();
    render(createElement(StrictMode, null, createElement(Watch, { job: id, client, events: true })));
    await becomes("that it runs", ({ status }) => status === "PROCESSING");

    expect(server.streams()).toBe(1);
    server.open("first");
    server.open("second");
    await becomes("its end", ({ isDone }) => isDone);

    expect(last().events.map(({ seq }) => seq)).toEqual(last().events.map((_, index) => index + 1));
    expect(last().events.at(-1)?.type).toBe("job.completed");
  });

  it("a component that is gone lets go of the connection", async () => {
    const { server, client, id } = await setUp();
    const { Watch, becomes } = watcher();
    const page = render(createElement(Watch, { job: id, client }));
    await becomes("that it runs", ({ status }) => status === "PROCESSING");
    expect(server.streams()).toBe(1);

    page.unmount();

    await until(() => server.streams() === 0, { what: "the stream is closed" });
  });

  it("another job is another state", async () => {
    const { server, client, id } = await setUp();
    const other = await client.submit("test.gated", {});
    const { Watch, last, becomes } = watcher();
    const page = render(createElement(Watch, { job: null, client }));
    expect(last().status).toBeUndefined();

    page.rerender(createElement(Watch, { job: id, client }));
    await becomes("that it runs", ({ status }) => status === "PROCESSING");
    page.rerender(createElement(Watch, { job: other.id, client }));
    expect(last().status).toBeUndefined();

    server.open("first");
    server.open("second");
    await becomes("its end", ({ isDone }) => isDone);
    expect(last().result).toEqual({ done: true });
  });

  it("a job that fails shows its error", async () => {
    const { server, client, id } = await setUp({ fails: true });
    server.open("first");
    server.open("second");
    const { Watch, last, becomes } = watcher();

    render(createElement(Watch, { job: id, client }));
    await becomes("its end", ({ isDone }) => isDone);

    expect(last().error).toMatchObject({ name: "JobFailedError", code: "no_way", message: "It is not possible." });
    expect(last().result).toBeUndefined();
  });

  it("cancel ends the job", async () => {
    const { client, id } = await setUp();
    const { Watch, last, becomes } = watcher();
    render(createElement(Watch, { job: id, client }));
    await becomes("that it runs", ({ status }) => status === "PROCESSING");

    await act(() => last().cancel());
    await becomes("its end", ({ isDone }) => isDone);

    expect(last().error).toBeInstanceOf(JobCancelledError);
  });

  it("a job that is not there is an error, and done", async () => {
    const { client } = await setUp();
    const { Watch, last, becomes } = watcher();

    render(createElement(Watch, { job: "0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d", client }));
    await becomes("an error", ({ isDone }) => isDone);

    expect(last()).toMatchObject({ status: undefined, error: { code: "job_not_found" } });
  });

  it("cancel keeps its identity while the job moves on", async () => {
    const { server, client, id } = await setUp();
    const { Watch, views, becomes } = watcher();
    render(createElement(Watch, { job: id, client }));
    server.open("first");
    server.open("second");

    await becomes("its end", ({ isDone }) => isDone);

    expect(new Set(views.map(({ cancel }) => cancel)).size).toBe(1);
  });
});

describe("on the server", () => {
  it("what is known is drawn, and nobody is asked", async () => {
    const { server, submitted } = await setUp();
    const { Watch } = watcher();

    expect(renderToString(createElement(Watch, { job: submitted }))).toBe("<output>PENDING 0 </output>");
    expect(server.streams()).toBe(0);
  });
});

describe("without a client", () => {
  it("an id and useClient say what is missing", () => {
    const Ask = () => {
      useClient();
      return null;
    };

    expect(() => renderToString(createElement(watcher().Watch, { job: "x" }))).toThrow("an id needs a client");
    expect(() => renderToString(createElement(Ask))).toThrow("Wrap the page in MeanwhileProvider");
  });
});
