/** Every instance is restarted, one after the other, while clients that can resume go on talking. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertUnharmed, Balancer, Talker, work } from '../support/talkers.ts';
import { Fleet } from './fleet.ts';

const instances = ['a', 'b', 'c'] as const;
const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

describe('three instances that are restarted one after the other under load', () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.start({ instances });
  });
  after(() => fleet.stop());

  it('lose nothing and fail nothing', async () => {
    const balancer = new Balancer(() => instances.map((id) => fleet.on(id).url));
    let over = false;
    const workers = ['n-1', 'n-2', 'n-3'].map((nodeId) => work(balancer, nodeId, () => over));
    const talkers = range(6).map(() => new Talker(balancer));
    let restarted = 0;
    const talks = talkers.map(async (talker) => {
      let index = 0;
      for (; restarted < instances.length || index < 20; index += 1) await talker.say(index);
      return index;
    });
    for (const id of instances) {
      assert.deepEqual(await fleet.on(id).stop(), { code: 0, signal: null });
      await fleet.add(id);
      restarted += 1;
    }
    const said = await Promise.all(talks);
    over = true;
    await Promise.all(workers);
    for (const [i, talker] of talkers.entries()) assertUnharmed(talker, said[i] ?? 0);
    assert.ok(
      talkers.every(({ moves }) => moves > 0),
      'all had to move',
    );
  });
});
