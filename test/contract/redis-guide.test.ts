/** What a person types from the deployment guide gets a sensible answer, also before anything was sent. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Redis } from 'ioredis';
import { connect, startRedis, type RedisServer } from '../support/redis.ts';
import { claimLease, startReading, until, viewOf } from './harness.ts';
import { redisHarness, storeOptions, type RedisHarness } from './redis-harness.ts';

describe("the guide's redis-cli commands", () => {
  let server: RedisServer;
  let cli: Redis;
  let harness: RedisHarness;

  before(async () => {
    server = await startRedis();
    cli = connect(server.port);
    harness = redisHarness(
      cli,
      storeOptions({ mode: 'single', url: server.url }, { keyPrefix: 'lingua-prod' }),
    );
  });

  after(async () => {
    await harness.dispose();
    cli.disconnect();
    await server.stop();
  });

  it('show the presence of an instance', async () => {
    await harness.store.instances.announce(
      {
        instance_id: 'scheduler-1',
        started_at: 5,
        hostname: 'h',
        pid: 1,
        version: '0.1.0',
        state: 'serving',
      },
      60_000,
    );
    assert.deepEqual(await cli.keys('lingua-prod:schedulers:presence:*'), [
      'lingua-prod:schedulers:presence:scheduler-1',
    ]);
    const presence = JSON.parse(
      (await cli.get('lingua-prod:schedulers:presence:scheduler-1')) ?? '',
    ) as unknown;
    assert.deepEqual(presence, {
      instance_id: 'scheduler-1',
      started_at: 5,
      hostname: 'h',
      pid: 1,
      version: '0.1.0',
      state: 'serving',
    });
    assert.ok((await cli.pttl('lingua-prod:schedulers:presence:scheduler-1')) > 50_000);
  });

  it('show inbox, group, pending entries and dead letters as soon as the reader runs', async () => {
    const inbox = 'lingua-prod:streams:{instance:scheduler-1}:inbox';
    await claimLease(harness.store, 'scheduler-1');
    const reading = startReading(harness, 'scheduler-1');
    await until(harness, 'the stream', async () => (await cli.exists(inbox)) === 1);
    assert.ok(Array.isArray(await cli.xinfo('STREAM', inbox)));
    const [group] = (await cli.xinfo('GROUPS', inbox)) as unknown[][];
    assert.deepEqual(group?.slice(0, 2), ['name', 'scheduler']);
    assert.deepEqual(await cli.xpending(inbox, 'scheduler'), [0, null, null, null]);
    assert.equal(await cli.xlen('lingua-prod:streams:{instance:scheduler-1}:dlq'), 0);
    await reading.stop();
  });

  it('show the nodes, and a snapshot under the name that the guide prints, as long as the node is there', async () => {
    const { nodes } = harness.store;
    const connection = { nodeId: 'node-1', instanceId: 'sched-a', connection: 'c-1' };
    await nodes.claim({ ...connection, ttlMs: 60_000 });
    const snapshot = '{"node_id":"node-1"}';
    await nodes.save({ view: viewOf('node-1'), snapshot, presenceMs: 30_000, announce: true });
    assert.deepEqual(await cli.smembers('lingua-prod:v1:nodes:all'), ['node-1']);
    assert.equal(await cli.get('lingua-prod:v1:nodes:snapshot:node-1'), snapshot);
    assert.equal(await cli.get('lingua-prod:v1:nodes:snapshot:{node:node-1}'), snapshot);
    assert.equal(await cli.get('lingua-prod:v1:nodes:presence:{node:node-1}'), '1');
    await nodes.renew([connection], 'sched-a', { ownerMs: 60_000, presenceMs: 60_000 });
    assert.ok((await cli.pttl('lingua-prod:v1:nodes:snapshot:node-1')) > 50_000);
    await nodes.remove(connection);
    assert.deepEqual(await cli.keys('lingua-prod:v1:nodes:snapshot:*'), []);
    assert.deepEqual(await cli.smembers('lingua-prod:v1:nodes:all'), []);
  });
});
