/** Whether and when an ended container is started again. Pure. */

export interface RestartDelay {
  /** Before the second restart; the first is at once. */
  readonly baseMs: number;
  readonly capMs: number;
}

/** Shorter than a real kubelet's 10 s to 5 min, so that a test sees several restarts. */
export const shortRestartDelay: RestartDelay = { baseMs: 500, capMs: 10_000 };

export function shouldRestart(policy: string | undefined, exitCode: number): boolean {
  if (policy === 'Never') return false;
  return policy === 'OnFailure' ? exitCode !== 0 : true;
}

/** @param restarts in a row, without a long good run between them */
export function restartDelayMs(restarts: number, { baseMs, capMs }: RestartDelay): number {
  return restarts === 0 ? 0 : Math.min(capMs, baseMs * 2 ** Math.min(restarts - 1, 30));
}

/** Who has run for so long is not crash-looping any more. */
export const isGoodRun = (ranMs: number, { capMs }: RestartDelay): boolean => ranMs >= 2 * capMs;
