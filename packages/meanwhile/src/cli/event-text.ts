// An event as one line for people.
import type { JobEvent, JobEventData, JobEventType } from "@meanwhile/protocol";

type AnyJobEvent = { [Type in JobEventType]: JobEvent & { type: Type; data: JobEventData[Type] } }[JobEventType];

/** What the event says beyond its name and status; empty where there is nothing. */
export function describeEvent(given: JobEvent): string {
  const event = given as AnyJobEvent;
  switch (event.type) {
    case "job.submitted":
      return event.data.type;
    case "job.started":
      return `attempt ${event.data.attempt}`;
    case "job.progress":
      return `${percentText(event.data.progress)}${event.data.message === undefined ? "" : ` ${event.data.message}`}`;
    case "job.output":
      return shortJson(event.data.chunk);
    case "job.retrying":
      return `attempt ${event.data.attempt} failed: ${errorText(event.data.error)}; again at ${event.data.runAt}`;
    case "job.cancel_requested":
    case "job.cancelled":
      return `by ${event.data.by}`;
    case "job.completed":
      return shortJson(event.data.result);
    case "job.failed":
    case "job.rollback_required":
      return errorText(event.data.error);
    case "job.step_completed":
    case "job.step_undone":
      return event.data.step;
    case "job.rollback_started":
    case "job.rollback_completed":
      return event.data.steps.join(", ");
    default:
      // A newer server may know more.
      return shortJson((event as JobEvent).data);
  }
}

export function eventLine(event: JobEvent): string {
  return [event.at, event.type.padEnd(20), event.status.padEnd(10), describeEvent(event)].join("  ").trimEnd();
}

export function percentText(fraction: number): string {
  return `${Math.floor(fraction * 100)}%`;
}

export function errorText(error: { code: string; message: string }): string {
  return `${error.message} (${error.code})`;
}

const SHORT_CHARACTERS = 200;

function shortJson(value: unknown): string {
  const text = JSON.stringify(value) ?? "null";
  return text.length > SHORT_CHARACTERS ? `${text.slice(0, SHORT_CHARACTERS)}…` : text;
}
