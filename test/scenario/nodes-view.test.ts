/**
 * What it costs Redis that all instances know all nodes, by Redis' own count of commands: what changes is paid for, and
 * what does not is nearly free, however many nodes there are.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { systemClock, systemRandom } from '../../common/clock-system.ts';
import { NodeDirectory } from '../../scheduler/fleet/node-directory.ts';
import { watchNodes } from '../../scheduler/fleet/node-watch.ts';
import { openRedisStore } from '../../scheduler/store/redis/open.ts';
import type { NodeView, Store } from '../../scheduler/store/store.ts';
import { eventually } from '../support/eventually.ts';
import { startRedis, type RedisServer } from '../support/redis.ts';

const nodes = 5000;
const instances = 10;
const intervalMs = 200;
const range = (length: number): number[] => Array.from({ length }, (_, index) => index);
const log = pino({ level: 'silent' });

const viewOf = (index: number, running = 0): NodeView => ({
  nodeId: `node-${String(index)}`,
  instanceId: 'elsewhere',
  status: 'ready',
  slots: 4,
  running,
  services: ['node-inference', 'nmt-m2m100', 'piper-tts'],
  hasGpu: true,
  acceptsPublicJobs: true,
  cpuPercent: 5,
  gpuPercent: 5,
  memoryPercent: 5,
});

describe(`${String(nodes)} nodes known to ${String(instances)} instances`, () => {
  let redis: RedisServer;
  let admin: Redis;
  const stores: Store[] = [];
  const stop = new AbortController();
  const directories = range(instances).map(() => new NodeDirectory());
  /** How often each instance has looked at the log of changes. */
  const looks = new Array<number>(instances).fill(0);

  const save = (view: NodeView) =>
    stores[0]!.nodes.save({ view, snapshot: '{}', presenceMs: 600_000, announce: true });

  before(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
    const keyPrefix = `t-${randomBytes(4).toString('hex')}`;
    const options = {
      mode: 'single',
      url: redis.url,
      keyPrefix,
      group: 'g',
      blockMs: 100,
      count: 10,
    } as const;
    const limits = { maxLength: 1000, reclaimIdleMs: 1000, commandTimeoutMs: 20_000 };
    const dlq = {
      enabled: false,
      maxLength: 1,
      maxDeliveries: 1,
      minIdleMs: 1,
      scanIntervalMs: 1,
      scanCount: 1,
    };
    const open = () =>
      openRedisStore({
        ...options,
        ...limits,
        clusterUrls: [],
        dlq,
        clock: systemClock,
        random: systemRandom,
        log,
      });
    stores.push(...range(instances).map(open));
    for (const part of range(10)) {
      await Promise.all(range(nodes / 10).map((index) => save(viewOf(part * (nodes / 10) + index))));
    }
    for (const [i, store] of stores.entries()) {
      const changes: Store['nodes']['changes'] = async (cursor) => {
        const answer = await store.nodes.changes(cursor);
        looks[i]! += 1;
        return answer;
      };
      void watchNodes(
        {
          nodes: { ...store.nodes, changes },
          directory: directories[i]!,
          instanceId: `instance-${String(i)}`,
          clock: systemClock,
          random: systemRandom,
          log,
          intervalMs,
          fullEveryMs: 3_600_000,
          onChange: () => undefined,
          onElsewhere: () => undefined,
        },
        stop.signal,
      );
    }
    await eventually('all know all', () => directories.every((each) => each.nodes.length === nodes), 60_000);
  });
  after(async () => {
    stop.abort();
    await Promise.all(stores.map((store) => store.close()));
    admin.disconnect();
    await redis.stop();
  });

  /** Commands that Redis carried out, by name, while `work` was done and every instance looked `times` times. */
  async function counted(times: number, work: () => Promise<unknown> = () => Promise.resolve()) {
    await admin.config('RESETSTAT');
    const from = [...looks];
    await work();
    const enough = () => looks.every((count, i) => count - (from[i] ?? 0) >= times);
    await eventually('every instance has looked', enough, 60_000);
    const stats = await admin.info('commandstats');
    const looked = looks.reduce((sum, count, i) => sum + count - (from[i] ?? 0), 0);
    const calls = new Map(
      [...stats.matchAll(/cmdstat_([a-z|]+):calls=(\d+)/g)].map(([, name = '', count]) => [
        name,
        Number(count),
      ]),
    );
    for (const own of ['config|resetstat', 'info', 'client|setinfo']) calls.delete(own);
    const total = [...calls.values()].reduce((sum, count) => sum + count, 0);
    return { total, looked, calls };
  }

  it('cost one command for each look when nothing changes', async () => {
    const { total, looked, calls } = await counted(5);
    // A look that Redis has answered and we have not counted yet is one of each instance at most.
    assert.ok(total <= looked + instances, `${String(total)} commands in ${String(looked)} looks`);
    assert.deepEqual([...calls.keys()], ['xrange']);
  });

  for (const changed of [10, 200]) {
    it(`cost what changes when ${String(changed)} do`, async () => {
      const { total, looked, calls } = await counted(5, () =>
        Promise.all(range(changed).map((index) => save(viewOf(index, 1 + changed)))),
      );
      const reads = (calls.get('mget') ?? 0) + (calls.get('get') ?? 0);
      await eventually('all have heard', () =>
        directories.every((each) =>
          range(changed).every((i) => each.get(`node-${String(i)}`)?.running === 1 + changed),
        ),
      );
      // A write is a script and its commands, a few for each node; reading is a few commands for each instance, not each node.
      const writing = 20 * changed;
      const reading = 5 * instances;
      assert.ok(total <= looked + instances + writing + reading, `${String(total)} commands`);
      assert.ok(reads <= changed * 2 + reading, `${String(reads)} reads`);
    });
  }

  it('cost a few commands when all are read', async () => {
    const { calls } = await counted(1, () => stores[1]!.nodes.all());
    assert.equal(calls.get('smembers'), 1);
    assert.equal(calls.get('mget'), nodes / 500);
    assert.equal(calls.get('get'), undefined);
  });
});
