import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import type { Clock } from '../../common/clock.ts';
import type { NodeChange, NodeStore, NodeView } from '../store/store.ts';
import { FakeRandom } from '../../test/fakes/clock.ts';
import { NodeDirectory } from './node-directory.ts';
import { watchNodes } from './node-watch.ts';

const view = (nodeId: string, instanceId: string, running = 0): NodeView => ({
  nodeId,
  instanceId,
  status: 'ready',
  slots: 4,
  running,
  services: [],
  hasGpu: true,
  acceptsPublicJobs: true,
  cpuPercent: 0,
  gpuPercent: 0,
  memoryPercent: 0,
});

type Step = { all: NodeView[] } | { changes: NodeChange[] } | 'lost' | 'broken';

/** Plays the answers of the store one a turn, then stops the watch. */
async function play(directory: NodeDirectory, steps: Step[], fullEveryMs = 1000): Promise<string[]> {
  const elsewhere: string[] = [];
  const stop = new AbortController();
  const next = <Kind>(): Promise<Kind> => {
    const step = steps.shift();
    if (step === 'broken') return Promise.reject(new Error('broken'));
    if (step === undefined) stop.abort();
    return Promise.resolve(step as Kind);
  };
  const nodes = {
    all: () => next<{ all: NodeView[] }>().then((step) => ({ views: step.all, cursor: '1' })),
    changes: () =>
      next<{ changes: NodeChange[] } | 'lost' | undefined>().then((step) =>
        step === 'lost' ? { kind: 'lost' } : { kind: 'changes', changes: step?.changes ?? [], cursor: '2' },
      ),
  } as unknown as NodeStore;
  // A millisecond passes with each turn.
  let now = 0;
  const clock = { sleep: () => Promise.resolve(), monotonic: () => now++ } as unknown as Clock;
  await watchNodes(
    {
      nodes,
      directory,
      instanceId: 'me',
      clock,
      log: pino({ level: 'silent' }),
      random: new FakeRandom(1),
      intervalMs: 1,
      fullEveryMs,
      onChange: () => undefined,
      onElsewhere: ({ nodeId }) => elsewhere.push(nodeId),
    },
    stop.signal,
  );
  return elsewhere;
}

const known = (directory: NodeDirectory) =>
  directory.nodes.map(({ nodeId, instanceId }) => `${nodeId}@${instanceId}`).sort();

describe('the view of all nodes', () => {
  it('follows what is announced', async () => {
    const directory = new NodeDirectory();
    await play(directory, [
      { all: [view('n1', 'a'), view('n2', 'b')] },
      {
        changes: [
          { op: 'put', view: view('n3', 'a') },
          { op: 'gone', nodeId: 'n1' },
        ],
      },
    ]);
    assert.deepEqual(known(directory), ['n2@b', 'n3@a']);
  });

  it('is read anew when changes were missed, and forgets what is no more', async () => {
    const directory = new NodeDirectory();
    await play(directory, [{ all: [view('n1', 'a')] }, 'lost', { all: [view('n2', 'a')] }]);
    assert.deepEqual(known(directory), ['n2@a']);
  });

  it('is read anew now and then, because a node that just ended is announced by nobody', async () => {
    const directory = new NodeDirectory();
    await play(directory, [{ all: [view('n1', 'a'), view('n2', 'a')] }, { all: [view('n2', 'a')] }], 0);
    assert.deepEqual(known(directory), ['n2@a']);
  });

  it('stays as it is while the store fails', async () => {
    const directory = new NodeDirectory();
    await play(directory, [{ all: [view('n1', 'a')] }, 'broken', { changes: [] }]);
    assert.deepEqual(known(directory), ['n1@a']);
  });

  it('takes nobody’s word for the nodes of this instance, not even its own old one', async () => {
    const directory = new NodeDirectory();
    directory.put(view('mine', 'me', 3));
    await play(directory, [
      { all: [] },
      {
        changes: [
          { op: 'put', view: view('mine', 'me', 0) },
          { op: 'gone', nodeId: 'mine' },
        ],
      },
    ]);
    assert.equal(directory.get('mine')?.running, 3);
  });

  for (const steps of [
    [{ all: [view('mine', 'a')] }],
    [{ all: [] }, { changes: [{ op: 'put' as const, view: view('mine', 'a') }] }],
  ] satisfies Step[][]) {
    it(`reports a node of ours that another instance claims to hold (${Object.keys(steps.at(-1) ?? {}).join()})`, async () => {
      const directory = new NodeDirectory();
      directory.put(view('mine', 'me'));
      assert.deepEqual(await play(directory, steps), ['mine']);
      assert.deepEqual(known(directory), ['mine@me']);
    });
  }
});

describe('the directory', () => {
  it('keeps its list and its index the same through removals', () => {
    const directory = new NodeDirectory();
    for (const id of ['a', 'b', 'c', 'd']) directory.put(view(id, 'x'));
    directory.remove('b');
    directory.remove('d');
    directory.put(view('a', 'y'));
    directory.removeInstance('x');
    assert.deepEqual(known(directory), ['a@y']);
    directory.remove('a');
    assert.equal(directory.nodes.length, 0);
  });

  it('keeps the pools of its nodes, as they come, change what they can do, and go', () => {
    const directory = new NodeDirectory(({ services }) =>
      services.length === 0 ? undefined : services.length,
    );
    const inPool = (pool: number) => directory.inPool(pool).map(({ nodeId }) => nodeId);
    directory.put({ ...view('a', 'x'), services: ['asr'] });
    directory.put({ ...view('b', 'x'), services: ['asr'] });
    directory.put(view('c', 'x'));
    assert.deepEqual([inPool(1), inPool(2)], [['a', 'b'], []]);
    directory.took('a');
    assert.equal(directory.inPool(1)[0]?.running, 1);
    directory.put({ ...view('a', 'x'), services: ['asr', 'nmt'] });
    assert.deepEqual([inPool(1), inPool(2)], [['b'], ['a']]);
    directory.put(view('a', 'x'));
    directory.removeInstance('x');
    assert.deepEqual([inPool(1), inPool(2), directory.nodes.length], [[], [], 0]);
  });
});
