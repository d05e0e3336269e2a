// What the document says of the server's own posts is what receivers get.

import { until } from "@meanwhile/store-testkit";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect, it } from "vitest";
import { startHookReceiver } from "../testing/receiver.js";
import { get, post, submit } from "../testing/requests.js";
import { startTestServer } from "../testing/test-server.js";

it("posts that come to a receiver fit the callback of the submit and the webhook of the endpoint", async () => {
  const server = await startTestServer();
  const own = await startHookReceiver();
  const standing = await startHookReceiver();
  const events = ["job.submitted", "job.started", "job.completed", "job.failed"];
  await post(server, "/api/v2/webhooks/endpoints", { url: standing.url, events });
  await submit(server, {
    type: "test.echo",
    parameters: { large: "x".repeat(300 * 1024) },
    webhook: { url: own.url, events },
  });
  await submit(server, {
    type: "test.fail",
    parameters: { code: "c", message: "m" },
    webhook: { url: own.url, events },
  });
  const hooks = await until(
    () => own.hooks.length === 6 && standing.hooks.length === 6 && { own: own.hooks, standing: standing.hooks },
    { what: "all events have come to both" },
  );

  expect(hooks.own.filter(({ body }) => "resultUrl" in body.data.job)).toHaveLength(1);
  const document = (await get(server, "/openapi.json")).json();
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(document, "api");
  const callback = document.paths["/api/v2/jobs"].post.callbacks.jobEvent;
  const posts = {
    own: callback["{$request.body#/webhook/url}"].post,
    standing: document.webhooks.jobEvent.post,
  };
  for (const kind of ["own", "standing"] as const) {
    const { requestBody, parameters } = posts[kind];
    const validate = ajv.compile({ $ref: `api${requestBody.content["application/json"].schema.$ref}` });
    for (const { body, headers } of hooks[kind]) {
      expect(validate(body), ajv.errorsText(validate.errors)).toBe(true);
      for (const { name, required } of parameters) if (required) expect(headers).toHaveProperty(name);
    }
  }
});
