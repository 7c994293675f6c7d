import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Config } from '../config/schema.ts';
import type { NodeView } from '../store/store.ts';
import { chooseFromPools, fnv1a64, poolIds, poolOfNode, poolOrder, type PoolConfig } from './pools.ts';

const core = ['asr', 'nmt', 'tts'];
const limits = { resourceThreshold: 25 };
const phase3 = (part: object = {}): PoolConfig =>
  Config.parse({ scheduler: { phase3: { enabled: true, ...part } } }).scheduler.phase3;
const session = (sessionId: string, tenantId?: string) => ({ sessionId, tenantId });
const view = (part: Partial<NodeView>): NodeView => ({
  nodeId: 'n',
  instanceId: 'a',
  status: 'ready',
  slots: 4,
  running: 0,
  services: core,
  hasGpu: true,
  acceptsPublicJobs: true,
  cpuPercent: 0,
  gpuPercent: 0,
  memoryPercent: 0,
  ...part,
});

describe('pools by hash', () => {
  it('hash as FNV-1a does, with the seed behind the text', () => {
    // The eight zero bytes of seed 0 are hashed too; published vectors are for the text alone.
    const plain = (text: string) =>
      [...Buffer.from(text)].reduce(
        (hash, byte) => BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n),
        0xcbf29ce484222325n,
      );
    assert.equal(plain('a'), 0xaf63dc4c8601ec8cn);
    assert.equal(plain('foobar'), 0x85944171f73967e8n);
    assert.equal(fnv1a64('foobar', 0), plain('foobar\0\0\0\0\0\0\0\0'));
    assert.equal(fnv1a64('foobar', 0x0201), plain('foobar\u0001\u0002\0\0\0\0\0\0'));
  });

  it('give every node one of pool_count pools, and spread them', () => {
    const config = phase3({ pool_count: 4 });
    const pools = Array.from({ length: 400 }, (_, i) =>
      poolOfNode(config, view({ nodeId: `node-${String(i)}` })),
    );
    const sizes = [0, 1, 2, 3].map((id) => pools.filter((pool) => pool === id).length);
    assert.equal(
      sizes.reduce((sum, size) => sum + size, 0),
      400,
    );
    assert.ok(
      sizes.every((size) => size > 60),
      sizes.join(),
    );
  });

  it('try every pool once, in a ring from the preferred one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.string(), fc.nat(), (pool_count, id, hash_seed) => {
        const { preferred = -1, order } = poolOrder(
          phase3({ pool_count, hash_seed }),
          session(id),
          core,
          core,
        );
        assert.deepEqual(
          order,
          Array.from({ length: pool_count }, (_, i) => (preferred + i) % pool_count),
        );
      }),
    );
  });

  it('try the preferred pool only without fallback', () => {
    const { preferred, order } = poolOrder(
      phase3({ fallback_scan_all_pools: false }),
      session('s-1'),
      core,
      core,
    );
    assert.deepEqual(order, [preferred]);
  });

  it('send all sessions of a tenant to one pool, and a tenant of the overrides to its own', () => {
    const config = phase3({ tenant_overrides: [{ tenant_id: 'vip', pool_id: 7 }] });
    const of = (id: string, tenant?: string) => poolOrder(config, session(id, tenant), core, core).preferred;
    assert.equal(new Set(['s-1', 's-2', 's-3', 's-4'].map((id) => of(id, 'acme'))).size, 1);
    assert.ok(new Set(Array.from({ length: 40 }, (_, i) => of(`s-${String(i)}`))).size > 4);
    assert.equal(of('s-1', 'vip'), 7);
  });

  it('ignore an override to a pool that is not there', () => {
    const config = phase3({ pool_count: 4, tenant_overrides: [{ tenant_id: 'vip', pool_id: 7 }] });
    assert.equal(poolOrder(config, session('s-1', 'vip'), core, core).order.length, 4);
  });
});

describe('pools by capability', () => {
  const pools = [
    { pool_id: 1, name: 'basic', required_services: core },
    { pool_id: 2, name: 'emotional', required_services: [...core, 'emotion'] },
    { pool_id: 9, name: 'speech', required_services: ['asr'] },
  ];
  const withWildcard = [...pools, { pool_id: 5, name: 'rest', required_services: [] }];

  const homes: readonly [title: string, services: string[], pool: number | undefined][] = [
    ['the most demanding pool whose services it has', [...core, 'emotion', 'other'], 2],
    ['a plainer one when it lacks the extra service', core, 1],
    ['the pool of its only service', ['asr'], 9],
    ['none when it has the services of none', ['tts'], undefined],
  ];
  for (const [title, services, pool] of homes) {
    it(`put a node into ${title}`, () => {
      assert.equal(poolOfNode(phase3({ pools }), view({ services })), pool);
    });
  }

  it('put what fits nowhere else into the pool that demands nothing', () => {
    assert.equal(poolOfNode(phase3({ pools: withWildcard }), view({ services: ['tts'] })), 5);
    assert.equal(poolOfNode(phase3({ pools: withWildcard }), view({ services: core })), 1);
  });

  it('share nodes between equally demanding pools by their ids', () => {
    const twins = [1, 2].map((pool_id) => ({ pool_id, required_services: core }));
    const homes = Array.from({ length: 40 }, (_, i) =>
      poolOfNode(phase3({ pools: twins }), view({ nodeId: `n${String(i)}` })),
    );
    assert.deepEqual(new Set(homes), new Set([1, 2]));
  });

  const needs = [...core, 'emotion'];
  const orders: readonly [title: string, part: object, services: string[], eligible: number[]][] = [
    ['have the core services', {}, needs, [1, 2]],
    ['have all services', { pool_match_scope: 'all_required' }, needs, [2]],
    ['have exactly the core services', { pool_match_mode: 'exact' }, needs, [1]],
    ['have exactly all services', { pool_match_mode: 'exact', pool_match_scope: 'all_required' }, needs, [2]],
    ['demand nothing, too', { pools: withWildcard }, needs, [1, 2, 5]],
    ['fit, and when none does all of them', {}, ['asr', 'nmt', 'tts', 'vc'], [1, 2]],
    ['are there when none fits', { pool_match_scope: 'all_required' }, [...core, 'vc'], [1, 2, 9]],
    [
      'fit, and none when strict',
      { pool_match_scope: 'all_required', strict_pool_eligibility: true },
      [...core, 'vc'],
      [],
    ],
  ];
  for (const [title, part, services, eligible] of orders) {
    it(`try those that ${title}`, () => {
      const { order } = poolOrder(phase3({ pools, ...part }), session('s-1'), services, core);
      assert.deepEqual(
        [...order].sort((a, b) => a - b),
        eligible,
      );
    });
  }

  it('keep a tenant in its pool first, whatever the hash says', () => {
    const config = phase3({ pools, tenant_overrides: [{ tenant_id: 'vip', pool_id: 9 }] });
    assert.deepEqual(poolOrder(config, session('s-1', 'vip'), core, core), {
      preferred: 9,
      order: [9, 1, 2],
    });
  });
});

describe('a choice from pools', () => {
  const config = phase3({ pool_count: 3 });
  const wanted = { services: core, exclude: new Set<string>() };
  const nodes = (fleet: readonly NodeView[]) => (pool: number) =>
    fleet.filter((node) => poolOfNode(config, node) === pool);
  const nodeIn = (pool: number, part: Partial<NodeView> = {}): NodeView => {
    const nodeId = Array.from({ length: 100 }, (_, i) => `node-${String(i)}`).find(
      (id) => poolOfNode(config, view({ nodeId: id })) === pool,
    );
    return view({ nodeId: nodeId ?? '', ...part });
  };

  it('takes a node of the preferred pool while it has one', () => {
    const fleet = [nodeIn(0, { running: 3 }), nodeIn(1), nodeIn(2)];
    const choice = chooseFromPools({ preferred: 0, order: [0, 1, 2] }, nodes(fleet), wanted, limits, () => 0);
    assert.equal(choice.node, fleet[0]);
    assert.equal(choice.fallback, false);
    assert.deepEqual(choice.attempts, [{ pool: 0, result: 'success', reason: 'ok', candidates: 1 }]);
  });

  it('goes on to the next pool, and says why', () => {
    const fleet = [nodeIn(0, { running: 4 }), nodeIn(2)];
    const choice = chooseFromPools({ preferred: 0, order: [0, 1, 2] }, nodes(fleet), wanted, limits, () => 0);
    assert.equal(choice.node, fleet[1]);
    assert.deepEqual([choice.selected, choice.fallback], [2, true]);
    assert.deepEqual(
      choice.attempts.map(({ pool, reason }) => [pool, reason]),
      [
        [0, 'capacity_exceeded'],
        [1, 'no_nodes'],
        [2, 'ok'],
      ],
    );
  });

  it('finds nothing when no pool may be tried', () => {
    const choice = chooseFromPools(
      { preferred: undefined, order: [] },
      nodes([nodeIn(0)]),
      wanted,
      limits,
      () => 0,
    );
    assert.equal(choice.node, undefined);
    assert.deepEqual(poolIds(config), [0, 1, 2]);
  });
});
