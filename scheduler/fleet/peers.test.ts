import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../test/fakes/clock.ts';
import { fakeLog } from '../../test/fakes/log.ts';
import type { InstanceStore, LiveInstance } from '../store/store.ts';
import { watchPeers } from './peers.ts';

const peer = (epoch: number, startedAt?: number): LiveInstance => ({
  instanceId: 'b',
  epoch,
  figures: undefined,
  presence:
    startedAt === undefined
      ? undefined
      : { instance_id: 'b', started_at: startedAt, hostname: 'h', pid: 1, version: '1', state: 'serving' },
});

/** What is heard of it when each look finds the next of these. */
async function heard(...looks: readonly (readonly LiveInstance[])[]): Promise<string[]> {
  const clock = new FakeClock();
  const stop = new AbortController();
  const told: string[] = [];
  let look = 0;
  const instances = { live: () => Promise.resolve([...(looks[look++] ?? looks.at(-1) ?? [])]) };
  const watching = watchPeers(
    {
      instances: instances as unknown as InstanceStore,
      ...{ instanceId: 'a', clock, log: fakeLog().log, intervalMs: 100 },
      onGone: () => void told.push('gone'),
      onReturned: () => void told.push('returned'),
    },
    stop.signal,
  );
  await clock.advance(100 * (looks.length + 1));
  stop.abort();
  await clock.advance(100);
  await watching;
  return told;
}

describe('another instance', () => {
  it('that stays is not heard of', async () => {
    assert.deepEqual(await heard([peer(1, 5)], [peer(1, 5)], [peer(1)]), []);
  });

  it('is gone when it has no lease, and when it was started anew', async () => {
    assert.deepEqual(await heard([peer(1, 5)], []), ['gone']);
    assert.deepEqual(await heard([peer(1, 5)], [peer(2, 6)]), ['gone']);
  });

  it('that is new may have had another life before anybody looked, and counts as returned', async () => {
    assert.deepEqual(await heard([], [peer(1, 5)], [peer(1, 5)]), ['returned']);
    assert.deepEqual(await heard([peer(1, 5)], [], [peer(2, 6)]), ['gone', 'returned']);
  });

  it('has returned when it lost its lease and claimed it again between two looks', async () => {
    assert.deepEqual(await heard([peer(1, 5)], [peer(2, 5)], [peer(2, 5)]), ['returned']);
  });
});
