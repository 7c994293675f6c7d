import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { SchedulerClusterStatus } from '../api/schedulercluster.gen.ts';
import { saysSomethingNew } from './report.ts';

const told = (sessions: number, state: 'Ready' | 'NotReady' = 'Ready'): SchedulerClusterStatus => ({
  instances: [
    {
      ...{ ordinal: 0, podName: 'demo-0', instanceId: 'demo-0', ready: state === 'Ready', state },
      ...{ sessions, nodes: 1, configCurrent: true },
    },
  ],
});

it('figures alone are told a minute after the last write, and not sooner', () => {
  assert.equal(saysSomethingNew(told(1), told(2), 59_999), false);
  assert.equal(saysSomethingNew(told(1), told(2), 60_000), true);
  assert.equal(saysSomethingNew(told(1), told(1), 3_600_000), false);
});

it('anything else is told at once', () => {
  assert.equal(saysSomethingNew(told(1), told(1, 'NotReady'), 0), true);
  assert.equal(saysSomethingNew(undefined, told(1), 0), true);
});

it('the order of instances and conditions says nothing', () => {
  const [zero] = told(1).instances!;
  const one = { ...zero!, ordinal: 1 };
  const before = { instances: [zero!, one] };
  assert.equal(saysSomethingNew(before, { instances: [one, zero!] }, 3_600_000), false);
});
