// Claims one after another, with the time of each and the bytes that they made the process read and write.
import type { ClaimContender, ClaimsOutcome } from "../contender.js";
import { ioBytesOfThisProcess } from "../processes.js";
import { quantile } from "../statistics.js";

export async function claimAgainAndAgain(
  contender: ClaimContender,
  options: { claims: number; jobsPerClaim: number },
): Promise<ClaimsOutcome> {
  const timesMs: number[] = [];
  const before = ioBytesOfThisProcess();
  for (let claim = 0; claim < options.claims; claim += 1) {
    const startedAt = performance.now();
    const got = await contender.claim(options.jobsPerClaim);
    timesMs.push(performance.now() - startedAt);
    if (got !== options.jobsPerClaim) throw new Error(`Claim ${claim + 1} got ${got} of ${options.jobsPerClaim} jobs.`);
  }
  const after = ioBytesOfThisProcess();
  return {
    p50Ms: quantile(timesMs, 0.5),
    bytesReadPerClaim: (after.read - before.read) / options.claims,
    bytesWrittenPerClaim: (after.written - before.written) / options.claims,
  };
}
