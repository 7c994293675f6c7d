import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newLife, onHeartbeat, onTick, type HealthCheck, type NodeLife } from './node-lifecycle.ts';

const limits = {
  healthCheckCount: 3,
  warmupTimeoutMs: 60_000,
  heartbeatTimeoutMs: 45_000,
  windowSize: 5,
  failureCount: 3,
  consecutiveFailureCount: 3,
};
const healthy: HealthCheck = { hasGpu: true, gpuPercent: 10, servicesInstalled: 3, servicesReady: 3 };
const sick: HealthCheck = { ...healthy, servicesReady: 0 };

/** Heartbeats a second apart: `+` healthy, `-` sick. */
function after(beats: string, life: NodeLife = newLife(0), check: HealthCheck = healthy): NodeLife {
  return Array.from(beats).reduce(
    (now, beat) => onHeartbeat(now, beat === '+' ? check : sick, now.heartbeatMs + 1000, limits),
    life,
  );
}

describe('the life of a node', () => {
  const stories: readonly [title: string, beats: string, status: string][] = [
    ['is registering until it has passed its checks', '++', 'registering'],
    ['is ready after three good heartbeats', '+++', 'ready'],
    ['counts its good heartbeats anew after a bad one', '++-++', 'registering'],
    ['forgives two bad heartbeats', '+++--', 'ready'],
    ['is degraded after three bad ones in a row', '+++---', 'degraded'],
    ['is degraded after three bad ones of five', '+++-+-+-', 'degraded'],
    ['forgets failures that left the window', '+++-+++++-+-', 'ready'],
    ['recovers with one good heartbeat', '+++---+', 'ready'],
    ['does not fail again for what it has recovered from', '+++---+-', 'ready'],
  ];
  for (const [title, beats, status] of stories) {
    it(title, () => {
      assert.equal(after(beats).status, status);
    });
  }

  const unfit: readonly [title: string, check: HealthCheck][] = [
    ['no GPU', { ...healthy, hasGpu: false }],
    ['an impossible GPU figure', { ...healthy, gpuPercent: 101 }],
    ['a negative GPU figure', { ...healthy, gpuPercent: -1 }],
    ['no services', { ...healthy, servicesInstalled: 0, servicesReady: 0 }],
    ['one service that is not ready yet', { ...healthy, servicesReady: 2 }],
  ];
  for (const [title, check] of unfit) {
    it(`does not begin with ${title}`, () => {
      assert.equal(after('+++', newLife(0), check).status, 'registering');
    });
  }

  it('goes on with some services ready, once it was ready', () => {
    assert.equal(after('+++', after('+++'), { ...healthy, servicesReady: 1 }).status, 'ready');
  });

  it('is degraded when warming up takes too long', () => {
    const life = { ...newLife(0), heartbeatMs: 59_000 };
    assert.equal(onTick(life, 60_000, limits).status, 'registering');
    assert.equal(onTick(life, 60_001, limits).status, 'degraded');
  });

  it('ends when heartbeats stop, and no heartbeat brings it back', () => {
    const life = after('+++');
    assert.equal(onTick(life, life.heartbeatMs + 45_000, limits).status, 'ready');
    const gone = onTick(life, life.heartbeatMs + 45_001, limits);
    assert.equal(gone.status, 'offline');
    assert.equal(after('+++', gone).status, 'offline');
  });

  it('is not moved by heartbeats, good or bad, while it drains', () => {
    const draining: NodeLife = { ...after('+++'), status: 'draining' };
    assert.equal(after('+++', draining).status, 'draining');
    assert.equal(after('-----', draining).status, 'draining');
  });

  it('ends when it drains and falls silent, or was degraded and falls silent', () => {
    for (const status of ['draining', 'degraded', 'registering'] as const) {
      const life: NodeLife = { ...after('+++'), status };
      assert.equal(onTick(life, life.heartbeatMs + 45_001, limits).status, 'offline');
    }
  });

  it('needs one good check to recover from a warm-up that took too long, and only some services', () => {
    const late = onTick({ ...newLife(0), heartbeatMs: 59_000 }, 60_001, limits);
    assert.equal(late.reason, 'warmup_timeout');
    assert.equal(after('+', late, { ...healthy, servicesReady: 1 }).status, 'ready');
  });

  it('counts a missing GPU figure as idle', () => {
    assert.equal(after('+++', newLife(0), { ...healthy, gpuPercent: undefined }).status, 'ready');
  });
});
