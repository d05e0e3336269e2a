// An event as a message: CloudEvents 1.0 in binary mode, after its AMQP binding; on 0-9-1 the attributes are headers. Pure.
import type { Sending } from "@meanwhile/core";
import type { Options } from "amqplib";

/**
 * Attributes are named `cloudEvents_<name>`: the binding allows `:` too, but prefers what every broker and every library takes.
 *
 * @param linkBase Put before the source: empty for an absolute path, or the address of the server.
 */
export function eventProperties(
  { event, target, traceparent }: Pick<Sending, "event" | "target" | "traceparent">,
  linkBase: string,
): Options.Publish {
  const { jobId, seq, type, at } = event;
  const id = `${jobId}:${seq}`;
  const headers: Record<string, string> = {
    cloudEvents_specversion: "1.0",
    cloudEvents_id: id,
    cloudEvents_source: `${linkBase}/api/v2/jobs`,
    cloudEvents_type: `meanwhile.${type}`,
    cloudEvents_subject: jobId,
    cloudEvents_time: new Date(at).toISOString(),
    cloudEvents_jobtype: target.slice(type.length + 1),
  };
  if (traceparent !== null) headers.cloudEvents_traceparent = traceparent;
  return {
    contentType: "application/json",
    persistent: true,
    mandatory: true,
    messageId: id,
    correlationId: jobId,
    type: `meanwhile.${type}`,
    // The protocol counts seconds; the exact instant stands beside it.
    timestamp: Math.floor(at / 1_000),
    appId: "meanwhile",
    headers,
  };
}
