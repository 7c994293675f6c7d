import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { NodeView } from '../store/store.ts';
import { wantedPairs } from './languages.ts';
import { breakdown, choose, exclusionOf, isCapable, isFull, mainExclusion } from './placement.ts';

const view = (part: Partial<NodeView> = {}): NodeView => ({
  nodeId: 'n',
  instanceId: 'a',
  status: 'ready',
  slots: 4,
  running: 0,
  services: ['asr', 'nmt', 'tts'],
  hasGpu: true,
  acceptsPublicJobs: true,
  cpuPercent: 0,
  gpuPercent: 0,
  memoryPercent: 0,
  ...part,
});
const wanted = {
  services: ['asr', 'nmt'],
  exclude: new Set(['bad']),
  languages: wantedPairs({ src_lang: 'zh', tgt_lang: 'en' }),
};
const limits = { resourceThreshold: 25 };

describe('placement', () => {
  const cases: readonly [title: string, node: Partial<NodeView>, expected: string | undefined][] = [
    ['a ready node with the services and a free slot', {}, undefined],
    ['a node that is excluded', { nodeId: 'bad' }, 'excluded'],
    ['a node that is warming up', { status: 'registering' }, 'status_not_ready'],
    ['a degraded node', { status: 'degraded' }, 'status_not_ready'],
    ['a draining node', { status: 'draining' }, 'status_not_ready'],
    ['a node without a GPU', { hasGpu: false }, 'gpu_unavailable'],
    ['a node that is gone', { status: 'offline' }, 'offline'],
    [
      'a node of other languages',
      { languages: { source: ['ja'], target: ['en'] } },
      'language_not_available',
    ],
    ['a node of these languages', { languages: { source: ['zh'], target: ['en'] } }, undefined],
    [
      'a full node of other languages',
      { running: 4, languages: { source: [], target: [] } },
      'language_not_available',
    ],
    ['a private node', { acceptsPublicJobs: false }, undefined],
    ['a node that lacks one service', { services: ['asr'] }, 'model_not_available'],
    ['a full node', { running: 4 }, 'capacity_exceeded'],
    ['an overfull node', { running: 5 }, 'capacity_exceeded'],
    ['a node without slots', { slots: 0 }, 'capacity_exceeded'],
    ['a node exactly at the threshold', { cpuPercent: 25, gpuPercent: 25, memoryPercent: 75 }, undefined],
    ['a node with a busy CPU', { cpuPercent: 25.1 }, 'resource_threshold_exceeded'],
    ['a node with a busy GPU', { gpuPercent: 26 }, 'resource_threshold_exceeded'],
    ['a node short of memory', { memoryPercent: 76 }, 'resource_threshold_exceeded'],
  ];
  for (const [title, node, expected] of cases) {
    it(`says of ${title}: ${expected ?? 'suitable'}`, () => {
      assert.equal(exclusionOf(view(node), wanted, limits), expected);
    });
  }

  const nodes = fc.array(
    fc.record({
      running: fc.nat(5),
      slots: fc.nat(5),
      status: fc.constantFrom('ready' as const, 'degraded' as const),
      cpuPercent: fc.nat(50),
    }),
    { maxLength: 40 },
  );
  const named = (parts: readonly Partial<NodeView>[]) =>
    parts.map((part, index) => view({ ...part, nodeId: `n${String(index)}` }));

  it('chooses a suitable node exactly when there is one, whatever the dice say', () => {
    fc.assert(
      fc.property(
        nodes,
        fc.infiniteStream(fc.double({ min: 0, max: 0.999_999, noNaN: true })),
        (parts, dice) => {
          const fleet = named(parts);
          const chosen = choose(fleet, wanted, limits, () => Number(dice.next().value));
          const able = fleet.filter((node) => !exclusionOf(node, wanted, limits));
          assert.equal(chosen === undefined, able.length === 0);
          if (chosen) assert.ok(able.includes(chosen));
        },
      ),
    );
  });

  it('never takes the fuller of two nodes', () => {
    fc.assert(
      fc.property(
        fc.nat(3),
        fc.nat(3),
        fc.infiniteStream(fc.double({ min: 0, max: 0.999_999, noNaN: true })),
        (a, b, dice) => {
          const fleet = named([{ running: a }, { running: b }]);
          const chosen = choose(fleet, wanted, limits, () => Number(dice.next().value));
          // Luck may draw one node again and again; then every node is looked at, so two are always compared.
          assert.equal(chosen?.running, Math.min(a, b));
        },
      ),
    );
  });

  it('names the reason that kept most nodes out', () => {
    const fleet = [view({ running: 4 }), view({ running: 4 }), view({ status: 'offline' })];
    assert.equal(mainExclusion(fleet, wanted, limits), 'capacity_exceeded');
    assert.equal(mainExclusion([], wanted, limits), 'no_nodes');
    assert.deepEqual([...breakdown(fleet, wanted, limits)].sort(), [
      ['capacity_exceeded', 2],
      ['offline', 1],
    ]);
  });

  it('keeps private nodes out for who takes public ones only', () => {
    const node = view({ acceptsPublicJobs: false });
    assert.equal(exclusionOf(node, { ...wanted, acceptPublic: false }, limits), 'not_in_public_pool');
  });

  it('tells what waiting mends from what it does not', () => {
    const busy = view({ running: 4, cpuPercent: 90 });
    assert.ok(isFull(busy, wanted) && isCapable(busy, wanted));
    const other = view({ running: 4, services: ['asr'] });
    assert.ok(!isFull(other, wanted) && !isCapable(other, wanted));
    assert.ok(!isCapable(view({ nodeId: 'bad' }), wanted));
    assert.ok(!isCapable(view({ status: 'degraded' }), wanted));
  });
});
