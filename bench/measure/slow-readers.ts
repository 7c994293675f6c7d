/** What a crowd of clients that stopped reading costs an instance in memory, with the limits as shipped. */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { NodeClient } from '../../test/support/node-client.ts';
import type { Scheduler } from '../../test/support/scheduler.ts';
import { SessionClient } from '../../test/support/session-client.ts';
import { mostRssBytes, rssBytes } from '../harness/usage.ts';
import { connectAll } from '../load/connect-all.ts';

export interface SlowReaders {
  readonly sessions: number;
  /** Megabytes of answers that nobody read. */
  readonly answered: number;
  /** Connections that were closed because of it. */
  readonly closed: number;
  /** Resident memory in megabytes: with all connected, at the end, and the most it ever was. */
  readonly before: number;
  readonly after: number;
  readonly most: number;
}

const sessions = 1000;
/** So many say something at the same time. */
const atOnce = 100;
/** Twelve seconds of 16-bit speech at 16 kHz, as base64. */
const answerBytes = 512_000;
/** Kernels keep a good deal for a reader that does not come; after so many answers each it would be a fault. */
const mostRounds = 20;
/** Rounds that follow the first in which connections were closed. */
const roundsAfter = 2;
const megabytes = (bytes: number): number => bytes / 1e6;

/** @throws when nobody was closed: then it is not the limits that were seen */
export async function measureSlowReaders(instance: Scheduler): Promise<SlowReaders> {
  const { pid } = instance.program;
  const answer = (_: unknown, result: Record<string, unknown>) => ({
    ...result,
    tts_audio: 'A'.repeat(answerBytes),
  });
  await connectAll(4, () => NodeClient.ready(instance.url, { slots: 16, heartbeatMs: 5000, answer }));
  const slow = await connectAll(sessions, () => SessionClient.open(instance.url));
  for (const session of slow) session.pause();
  const before = rssBytes(pid);
  forgetMost(pid);
  let left = mostRounds;
  let answers = 0;
  for (let index = 0; left > 0; index += 1, left -= 1) {
    answers += await tellAll(instance, slow, index);
    if ((await closedOf(instance)) > 0) left = Math.min(left, roundsAfter + 1);
  }
  const closed = await closedOf(instance);
  if (closed === 0) throw new Error(`nobody was closed after ${String(answers)} answers`);
  return {
    sessions,
    answered: megabytes(answers * answerBytes),
    closed,
    before: megabytes(before),
    after: megabytes(rssBytes(pid)),
    most: megabytes(mostRssBytes(pid)),
  };
}

/** One utterance each, some at a time. Returns how many were answered with a result. */
async function tellAll(instance: Scheduler, slow: readonly SessionClient[], index: number): Promise<number> {
  const before = await figure(instance, /^scheduler_jobs_total\{status="completed"\} (\d+)/m);
  for (let from = 0; from < slow.length; from += atOnce) {
    for (const session of slow.slice(from, from + atOnce)) if (session.connected) session.say({ index });
    await sleep(50);
    while ((await openJobs(instance)) > 0) await sleep(50);
  }
  return (await figure(instance, /^scheduler_jobs_total\{status="completed"\} (\d+)/m)) - before;
}

async function openJobs(instance: Scheduler): Promise<number> {
  const { body } = await instance.get('/metrics');
  return [...body.matchAll(/^scheduler_open_jobs\{.*\} (\d+)$/gm)].reduce(
    (sum, [, some]) => sum + Number(some),
    0,
  );
}

const closedOf = (instance: Scheduler): Promise<number> =>
  figure(instance, /^scheduler_\w*closed\w*\{side="session",code="1013"\} (\d+)/m);

const figure = async (instance: Scheduler, line: RegExp): Promise<number> =>
  Number(line.exec((await instance.get('/metrics')).body)?.[1] ?? 0);

/** The kernel counts the most resident memory anew (proc(5)). */
const forgetMost = (pid: number): void => {
  writeFileSync(`/proc/${String(pid)}/clear_refs`, '5');
};
