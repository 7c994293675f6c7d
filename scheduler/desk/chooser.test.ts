import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { FakeClock, FakeRandom } from '../../test/fakes/clock.ts';
import { parseConfig } from '../config/load.ts';
import { poolOfNode } from '../decide/pools.ts';
import { NodeDirectory } from '../fleet/node-directory.ts';
import { createMetrics } from '../metrics.ts';
import { poolOf } from '../settings.ts';
import type { NodeView } from '../store/store.ts';
import { createChooser } from './chooser.ts';

const core = ['node-inference', 'nmt-m2m100', 'piper-tts'];
const view = (nodeId: string, part: Partial<NodeView> = {}): NodeView => ({
  nodeId,
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

function world(toml: string) {
  const { config } = parseConfig(toml, 'config.toml');
  const clock = new FakeClock();
  const registry = new Registry();
  const directory = new NodeDirectory(poolOf(config));
  const metrics = createMetrics(registry);
  const random = new FakeRandom(3);
  const chooser = createChooser({
    config,
    directory,
    clock,
    random,
    metrics,
    limits: { resourceThreshold: 25 },
  });
  const forSession = (sessionId: string, tenant_id?: string) =>
    chooser({ services: core, exclude: new Set(), session: { sessionId, init: { tenant_id } } })?.nodeId;
  return { config, clock, directory, registry, forSession };
}

describe('the choice of a node', () => {
  it('may be the session’s last node unless it is spread', () => {
    const { directory, forSession } = world('');
    directory.put(view('busy', { running: 3 }));
    directory.put(view('idle'));
    assert.deepEqual([forSession('s'), forSession('s')], ['idle', 'idle']);
  });

  it('is another one than the session’s last when it is spread, for as long as the window', async () => {
    const { clock, directory, forSession } = world(
      '[scheduler.task_binding]\nspread_enabled = true\nspread_window_seconds = 30',
    );
    directory.put(view('busy', { running: 3 }));
    directory.put(view('idle'));
    assert.deepEqual([forSession('s'), forSession('s'), forSession('s')], ['idle', 'busy', 'idle']);
    assert.equal(forSession('other'), 'idle', 'another session has another last node');
    await clock.advance(30_000);
    assert.equal(forSession('s'), 'idle');
  });

  it('is the last node again rather than none', () => {
    const { directory, forSession } = world('[scheduler.task_binding]\nspread_enabled = true');
    directory.put(view('only'));
    assert.deepEqual([forSession('s'), forSession('s')], ['only', 'only']);
  });

  it('comes from the pool of the tenant while that has one, and is counted', async () => {
    const { config, directory, forSession, registry } = world(
      '[scheduler.phase3]\nenabled = true\npool_count = 2\n[[scheduler.phase3.tenant_overrides]]\ntenant_id = "vip"\npool_id = 1',
    );
    const ids = Array.from({ length: 20 }, (_, i) => `node-${String(i)}`);
    for (const id of ids) directory.put(view(id));
    const isVip = (id: string | undefined) =>
      id !== undefined && poolOfNode(config.scheduler.phase3, view(id)) === 1;
    for (let i = 0; i < 20; i++) assert.ok(isVip(forSession(`s-${String(i)}`, 'vip')));
    for (const id of ids.filter(isVip)) directory.put(view(id, { running: 4 }));
    assert.equal(isVip(forSession('s', 'vip')), false, 'another pool rather than none');
    const scraped = await registry.metrics();
    assert.match(scraped, /phase3_pool_selected_total\{pool="1",outcome="hit",fallback="false"\} 20/);
    assert.match(scraped, /phase3_pool_selected_total\{pool="0",outcome="hit",fallback="true"\} 1/);
    assert.match(scraped, /phase3_pool_attempt_total\{pool="1",result="fail",reason="capacity_exceeded"\} 1/);
  });
});
