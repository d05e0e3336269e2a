// Readers of all channels that come and go while a soak runs; what one has read to its end must be a whole log.
import { isTerminal } from "@meanwhile/protocol";
import type { Random } from "../harness/random.js";
import { readByClient } from "../readers/client.js";
import { readByGrpc } from "../readers/grpc.js";
import { readByLongPolling, readByPolling } from "../readers/polling.js";
import { pause, type Reader, type Seen, type Ways } from "../readers/reader.js";
import { ANY_JOB, readByBroadcast, readBySse } from "../readers/sse.js";
import { readByStomp } from "../readers/stomp.js";
import { readByWebSocket } from "../readers/websocket.js";
import type { Ledger } from "./ledger.js";

const READERS: Readonly<Record<string, Reader>> = {
  polling: readByPolling,
  "long polling": readByLongPolling,
  "server-sent events": readBySse,
  WebSocket: readByWebSocket,
  STOMP: readByStomp,
  gRPC: readByGrpc,
  "our client": readByClient("auto"),
};

export const CHANNELS = Object.keys(READERS);

/** Of those that follow one job. */
const LEAVES_EARLY = 0.2;
/** A job of the soak is over long before, on a busy machine too. */
const READ_WITHIN_MS = 90_000;

export interface FollowOptions {
  readonly ways: Ways;
  readonly random: Random;
  readonly ledger: Ledger;
}

/** Follows one job to its end or until it has had enough. Never rejects: what is wrong goes into the ledger. */
export async function followOne(
  jobId: string,
  { ways, random, ledger, channel }: FollowOptions & { readonly channel: string },
): Promise<void> {
  // The first ones of each channel stay.
  const mayLeave = ledger.counts.has(`read by ${channel}`);
  const patience = mayLeave && random.chance(LEAVES_EARLY) ? random.below(400) : READ_WITHIN_MS;
  const seen: Seen[] = [];
  const leaving = new AbortController();
  const timer = setTimeout(() => leaving.abort(), patience);
  try {
    const note = (event: Seen) => void seen.push(event);
    await READERS[channel]!({ ...ways, jobId, after: 0, note, signal: leaving.signal });
    const isLate = leaving.signal.aborted && patience === READ_WITHIN_MS;
    if (isLate) ledger.fault(`${channel}: ${jobId} was not read within ${READ_WITHIN_MS} ms; ${seen.length} came.`);
    else
      for (const fault of findReadingFaults(seen, leaving.signal.aborted))
        ledger.fault(`${channel}: ${jobId}: ${fault}`);
    ledger.count(`read by ${channel}${leaving.signal.aborted ? ", left early" : ""}`);
  } catch (error) {
    ledger.fault(`${channel}: ${jobId}: ${String(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

/** The stream of all jobs, for a while: of each job the events come in order. */
export async function followAll({ ways, random, ledger }: FollowOptions, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    const last = new Map<string, number>();
    const leaving = AbortSignal.any([stopped, AbortSignal.timeout(3_000 + random.below(15_000))]);
    const note = ({ jobId, seq, status }: Seen) => {
      ledger.count("events by the stream of all jobs");
      const before = last.get(jobId);
      if (before !== undefined && seq !== before + 1) ledger.fault(`all jobs: ${jobId}: ${seq} came behind ${before}`);
      if (isTerminal(status)) last.delete(jobId);
      else last.set(jobId, seq);
    };
    try {
      await readByBroadcast()({ ...ways, jobId: ANY_JOB, after: 0, note, signal: leaving });
    } catch (error) {
      // Jobs are purged at once here, some before everybody has read of them: then the stream says so, and begins anew.
      if (String(error).includes("The stream was reset")) ledger.count("resets of the stream of all jobs");
      else ledger.fault(`all jobs: ${String(error)}`);
      await pause(1_000, stopped);
    }
  }
}

function findReadingFaults(seen: readonly Seen[], leftEarly: boolean): readonly string[] {
  const faults: string[] = [];
  for (const [index, { seq }] of seen.entries()) {
    if (seq !== index + 1) return [`${seq} came in the place of ${index + 1}`];
  }
  const last = seen.at(-1);
  if (!leftEarly && (last === undefined || !isTerminal(last.status)))
    faults.push(`ended with ${last?.type ?? "nothing"}`);
  return faults;
}
