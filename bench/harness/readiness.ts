/** When a process that was just started can be used. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from './processes.ts';

const askEveryMs = 25;

/** Asks until the process answers; one that ended or did not answer within the limit is stopped and an error. */
export async function untilReady(
  child: Child,
  answers: () => Promise<boolean>,
  limitMs = 20_000,
): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race([askUntilReady(child.name, answers, limitMs, over.signal), child.crashed]);
  } catch (error) {
    await child.stop();
    throw error;
  } finally {
    over.abort();
  }
}

async function askUntilReady(
  name: string,
  answers: () => Promise<boolean>,
  limitMs: number,
  over: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!over.aborted && !(await answers())) {
    if (performance.now() > deadline)
      throw new Error(`${name} was not ready after ${String(limitMs / 1000)} s`);
    await sleep(askEveryMs);
  }
}
