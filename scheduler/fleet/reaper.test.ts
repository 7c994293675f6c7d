/** What the reaper of a dead instance says of the dead one's nodes, and what whoever hears it makes of that. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock, FakeRandom } from '../../test/fakes/clock.ts';
import { fakeLog } from '../../test/fakes/log.ts';
import { createHintHandler } from '../hint-handler.ts';
import type { Metrics } from '../metrics.ts';
import type { Hint } from '../store/hints.ts';
import type { InboxStore, InstanceStore, NodeStore } from '../store/store.ts';
import { NodeDirectory } from './node-directory.ts';
import type { Post } from './post.ts';
import { reapDead } from './reaper.ts';

const assignment: Hint = {
  type: 'assign',
  job_id: 'j',
  session_id: 's',
  attempt: 1,
  node_id: 'n',
  from: 'owner',
};

/** What owners are told when `dead` is reaped with that assignment in its inbox. */
async function toldByReaper(): Promise<Hint[]> {
  const told: Hint[] = [];
  const clock = new FakeClock();
  const inboxes = [[{ id: '1-0', hints: [assignment] }], []];
  const stop = new AbortController();
  const reaping = reapDead(
    {
      instances: {
        dead: () => Promise.resolve(['dead']),
        beginReaping: () => Promise.resolve(true),
        retire: () => Promise.resolve(true),
      } as unknown as InstanceStore,
      inbox: {
        salvage: () => Promise.resolve(inboxes.shift() ?? []),
        acknowledge: () => Promise.resolve(),
      } as unknown as InboxStore,
      nodes: { removeOf: () => Promise.resolve(0) } as unknown as NodeStore,
      post: {
        sendPatiently: (_to: string, hint: Hint) => {
          told.push(hint);
          return Promise.resolve('sent');
        },
      } as unknown as Post,
      token: () => ({ instanceId: 'reaper', epoch: 1, boot: 'b', podUid: 'p' }),
      metrics: { reaped: { inc: () => undefined } } as unknown as Metrics,
      ...{ clock, random: new FakeRandom(1), log: fakeLog().log },
      ...{ intervalMs: 100, graceMs: 0, reapingMs: 1000, onDead: () => undefined },
    },
    stop.signal,
  );
  await clock.advance(1000);
  stop.abort();
  await clock.advance(1000);
  await reaping;
  return told;
}

/** The status of the node, at an instance that knows it there, after it heard all that. */
async function statusAfter(hints: readonly Hint[], holder: string): Promise<string | undefined> {
  const directory = new NodeDirectory();
  directory.put({
    ...{ nodeId: 'n', instanceId: holder, status: 'ready', slots: 2, running: 0, services: [] },
    ...{ hasGpu: true, acceptsPublicJobs: true, cpuPercent: 0, gpuPercent: 0, memoryPercent: 0 },
  });
  const handle = createHintHandler({
    directory,
    lookup: { ask: () => undefined, askLater: () => undefined },
    desk: { refused: () => Promise.resolve() },
    instanceId: 'owner',
  } as unknown as Parameters<typeof createHintHandler>[0]);
  for (const hint of hints) await handle(hint, false);
  return directory.get('n')?.status;
}

describe('an assignment in the inbox of a dead instance', () => {
  it('is refused to its owner, who knows then that the node is not there', async () => {
    const told = await toldByReaper();
    assert.deepEqual(
      told.map((hint) => hint.type === 'refused' && [hint.job_id, hint.attempt, hint.reason]),
      [['j', 1, 'gone']],
    );
    assert.equal(await statusAfter(told, 'dead'), 'offline');
  });

  it('says nothing of a node that is connected to another instance by then', async () => {
    assert.equal(await statusAfter(await toldByReaper(), 'living'), 'ready');
  });
});
