import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../test/fakes/clock.ts';
import { fakeLog } from '../../test/fakes/log.ts';
import type { NodeChange, NodeStore, NodeView } from '../store/store.ts';
import { NodeDirectory } from './node-directory.ts';
import { createNodeLookup } from './node-lookup.ts';

const view = (nodeId: string, instanceId: string, part: Partial<NodeView> = {}): NodeView => ({
  nodeId,
  instanceId,
  status: 'ready',
  slots: 4,
  running: 0,
  services: [],
  hasGpu: true,
  acceptsPublicJobs: true,
  cpuPercent: 0,
  gpuPercent: 0,
  memoryPercent: 0,
  ...part,
});

function world(truth: Record<string, NodeView | 'broken'>) {
  const clock = new FakeClock();
  const directory = new NodeDirectory();
  const asked: string[][] = [];
  const find = (ids: readonly string[]): Promise<NodeChange[]> => {
    asked.push([...ids]);
    return Promise.all(
      ids.map((nodeId): Promise<NodeChange> => {
        const known = truth[nodeId];
        if (known === 'broken') return Promise.reject(new Error('broken'));
        return Promise.resolve(known ? { op: 'put', view: known } : { op: 'gone', nodeId });
      }),
    );
  };
  const nodes = { find } as unknown as NodeStore;
  let changes = 0;
  const onChange = () => (changes += 1);
  const lookup = createNodeLookup({
    nodes,
    directory,
    instanceId: 'me',
    clock,
    log: fakeLog().log,
    onChange,
  });
  return { clock, directory, asked, lookup, changes: () => changes };
}

describe('a node whose view has proved wrong', () => {
  it('is looked up, many at once, and believed', async () => {
    const { clock, directory, asked, lookup, changes } = world({ moved: view('moved', 'b') });
    directory.put(view('moved', 'a', { status: 'offline' }));
    directory.put(view('lost', 'a'));
    for (const id of ['moved', 'lost', 'moved']) lookup.ask(id);
    await clock.advance(20);
    assert.deepEqual(asked, [['moved', 'lost']]);
    assert.equal(directory.get('moved')?.instanceId, 'b');
    assert.equal(directory.get('lost'), undefined);
    assert.equal(changes(), 1);
  });

  it('is not believed to be where its own instance says it is not', async () => {
    const { clock, directory, lookup } = world({ n: view('n', 'a') });
    directory.put(view('n', 'a', { status: 'offline' }));
    lookup.ask('n');
    await clock.advance(20);
    assert.equal(directory.get('n')?.status, 'offline');
  });

  it('is left alone when it is ours', async () => {
    const { clock, directory, lookup } = world({ n: view('n', 'b') });
    directory.put(view('n', 'me', { running: 2 }));
    lookup.ask('n');
    await clock.advance(20);
    assert.deepEqual([directory.get('n')?.instanceId, directory.get('n')?.running], ['me', 2]);
  });

  it('is looked up a moment later, once, when it was only counted as full', async () => {
    const { clock, directory, asked, lookup } = world({ n: view('n', 'a') });
    directory.put(view('n', 'a', { running: 4 }));
    for (let i = 0; i < 10; i++) lookup.askLater('n');
    await clock.advance(200);
    assert.equal(directory.get('n')?.running, 4);
    await clock.advance(200);
    assert.equal(directory.get('n')?.running, 0);
    assert.equal(asked.length, 1);
  });

  it('can be asked about again after the store failed', async () => {
    const { clock, directory, lookup, asked } = world({ bad: 'broken', n: view('n', 'b') });
    lookup.ask('bad');
    await clock.advance(20);
    lookup.ask('n');
    await clock.advance(20);
    assert.equal(asked.length, 2);
    assert.equal(directory.get('n')?.instanceId, 'b');
  });
});
