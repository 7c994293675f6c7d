/**
 * What a fleet keeps, per instance, node, session and job: the memory of Redis and of an instance; what an instance with
 * nothing to do asks of Redis; and what clients cost that stopped reading. Writes bench/capacity.md, which
 * docs/capacity.md holds against the guide's formula.
 *
 *   node bench/capacity.ts [--write]
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { NodeClient } from '../test/support/node-client.ts';
import { startRedis } from '../test/support/redis.ts';
import { startScheduler } from '../test/support/scheduler.ts';
import { SessionClient } from '../test/support/session-client.ts';
import { rssBytes } from './harness/usage.ts';
import { connectAll } from './load/connect-all.ts';
import { measureIdleCommands, type IdleCommands } from './measure/idle-commands.ts';
import { measureSlowReaders, type SlowReaders } from './measure/slow-readers.ts';
import { describeMachine } from './report/machine.ts';
import { figuresTable, wordsTable } from './report/tables.ts';

const extraInstances = 4;
const nodes = 1000;
const sessions = 2000;
const jobs = 500;
const jobsOfOneSession = 100;
/** Two seconds of 16-bit speech at 16 kHz. */
const audio = 'x'.repeat(64_000);
/** For garbage of the connecting to be collected, and views to be refreshed. */
const settleMs = 4000;

/** Times of the guide, not those of tests: what expires too early would not be counted. */
const config = {
  scheduler: {
    heartbeat_interval_seconds: 15,
    job_timeout: { pending_timeout_seconds: 600, scan_interval_ms: 1000 },
    phase2: {
      owner_ttl_seconds: 45,
      stream_block_ms: 1000,
      command_timeout_ms: 5000,
      reclaim_idle_ms: 5000,
      node_snapshot: { presence_ttl_seconds: 45, refresh_interval_ms: 2000 },
    },
  },
};

interface Row {
  readonly what: string;
  readonly count: number;
  /** Kilobytes of 1000 bytes in Redis, each; undefined where it is not told apart. */
  readonly redis: number | undefined;
  /** The same of the instance that holds it. */
  readonly rss: number;
}

async function measure(): Promise<Row[]> {
  const redis = await startRedis();
  const keys = new Redis(redis.url);
  const start = (instanceId: string) =>
    startScheduler({ instanceId, redisUrl: redis.url, keyPrefix: 'capacity', config });
  const first = await start('c-0');
  const others: Awaited<ReturnType<typeof start>>[] = [];
  const read = async () => {
    await sleep(settleMs);
    const used = Number(/^used_memory:(\d+)/m.exec(await keys.info('memory'))?.[1]);
    return { redis: used, rss: rssBytes(first.program.pid) };
  };
  try {
    let before = await read();
    const rows: Row[] = [
      { what: 'the first instance, nobody connected', count: 1, redis: undefined, rss: before.rss / 1000 },
    ];
    const add = async (what: string, count: number, grow: () => Promise<unknown>) => {
      console.log(`${String(count)} times ${what} ...`);
      await grow();
      const after = await read();
      const each = (figure: 'redis' | 'rss') => (after[figure] - before[figure]) / 1000 / count;
      rows.push({ what, count, redis: each('redis'), rss: each('rss') });
      before = after;
    };
    await add('another instance', extraInstances, async () => {
      while (others.length < extraInstances) others.push(await start(`c-${String(others.length + 1)}`));
    });
    await add('an idle session', sessions, () => connectAll(sessions, () => SessionClient.open(first.url)));
    await add('a waiting job with 64 kB of audio', jobs, () =>
      connectAll(jobs / jobsOfOneSession, async () => {
        const session = await SessionClient.open(first.url, { extensions: ['job_accepted'] });
        for (let index = 0; index < jobsOfOneSession; index += 1)
          session.say({ index, audio, requestId: String(index) });
        for (let index = 0; index < jobsOfOneSession; index += 1)
          await session.accepted(String(index), 60_000);
      }),
    );
    await add('an idle node', nodes, () =>
      connectAll(nodes, () => NodeClient.open(first.url, { heartbeatMs: 15_000, services: [] })),
    );
    return rows;
  } finally {
    keys.disconnect();
    await Promise.all([first, ...others].map((scheduler) => scheduler.kill()));
    await redis.stop();
  }
}

/** One instance on a Redis of its own: first with nothing to do, then among clients that do not read. */
async function measureAlone(): Promise<{ idle: IdleCommands; slow: SlowReaders }> {
  const redis = await startRedis();
  const admin = new Redis(redis.url);
  const alone = await startScheduler({
    instanceId: 'alone',
    redisUrl: redis.url,
    keyPrefix: 'alone',
    config,
    environment: { LOG_LEVEL: 'info' },
  });
  try {
    await sleep(settleMs);
    console.log('an instance with nothing to do ...');
    const idle = await measureIdleCommands(alone, admin);
    console.log('clients that do not read ...');
    return { idle, slow: await measureSlowReaders(alone) };
  } finally {
    admin.disconnect();
    await alone.kill();
    await redis.stop();
  }
}

const idleText = ({ commands, redisMs, instanceMs }: IdleCommands): string =>
  `An instance with nothing to do asks Redis for ${commands.toFixed(0)} commands and scripts a second, which costs Redis ${redisMs.toFixed(1)} ms of CPU a second (its own housekeeping included) and the instance ${instanceMs.toFixed(1)} ms.`;

const slowText = ({ sessions: many, answered, closed, before, after, most }: SlowReaders): string =>
  `${many.toLocaleString('en')} clients that stopped reading were told ${answered.toFixed(0)} MB. The instance had ${before.toFixed(0)} MB when they were connected, ${most.toFixed(0)} MB at the most and ${after.toFixed(0)} MB at the end; ${closed.toLocaleString('en')} of them were closed. With the limits as shipped: all together may leave 268 MB unread.`;

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const rows = await measure();
const { idle, slow } = await measureAlone();
const table = figuresTable(
  ['one more of these', 'measured with', 'kB in Redis', 'kB in its instance'],
  rows.map(({ what, count, redis, rss }) => [
    what,
    count.toLocaleString('en'),
    redis === undefined ? '' : redis.toFixed(1),
    rss.toFixed(1),
  ]),
);
const text = [
  '# What a fleet keeps',
  'Written by `node bench/capacity.ts --write`; do not edit. Kilobytes of 1000 bytes: growth of `used_memory` of Redis and of the resident memory of the instance, for each.',
  table,
  '## An idle instance',
  idleText(idle),
  '## Clients that do not read',
  slowText(slow),
  '## Machine',
  wordsTable(['', ''], describeMachine()),
].join('\n\n');
console.log(text);
if (values.write) writeFileSync(path.join(import.meta.dirname, 'capacity.md'), `${text}\n`);
// What is connected keeps a process alive that has nothing more to do.
process.exit(0);
