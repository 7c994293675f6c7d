import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SchedulerClusterStatus } from '../api/schedulercluster.gen.ts';
import { dueInMs } from './news.ts';

type Instance = NonNullable<SchedulerClusterStatus['instances']>[number];
type Condition = NonNullable<SchedulerClusterStatus['conditions']>[number];

const instance = (fields: Partial<Instance> = {}): Instance => ({
  ...{ ordinal: 0, podName: 'demo-0', instanceId: 'demo-0', ready: true, state: 'Ready' },
  ...{ sessions: 1, nodes: 1, configCurrent: true },
  ...fields,
});

const condition = (fields: Partial<Condition> = {}): Condition => ({
  ...{ type: 'Progressing', status: 'True', reason: 'Scaling', message: '1 of 2 ready' },
  ...{ observedGeneration: 2, lastTransitionTime: '2026-01-01T00:00:00Z' },
  ...fields,
});

const told = (fields: Partial<Instance> = {}): SchedulerClusterStatus => ({ instances: [instance(fields)] });

it('figures alone are told a minute after the last write, and not sooner', () => {
  assert.equal(dueInMs(told(), told({ sessions: 2 }), 59_999), undefined);
  assert.equal(dueInMs(told(), told({ sessions: 2 }), 60_000), 0);
  assert.equal(dueInMs(told(), told(), 3_600_000), undefined);
});

describe('a verdict is told at once', () => {
  const of = (fields: Partial<Condition> = {}): SchedulerClusterStatus => ({
    ...{ observedGeneration: 2, rollout: { revision: 'a' } },
    conditions: [condition(fields)],
    ...told(),
  });
  const drain: Instance['drain'] = {
    ...{ reason: 'ScaleDown', done: false },
    ...{ startTime: '2026-01-01T00:00:00Z', deadlineTime: '2026-01-01T00:01:00Z' },
  };
  const all: Record<string, SchedulerClusterStatus> = {
    'the status of a condition': of({ status: 'False' }),
    'its reason': of({ reason: 'RollingOut' }),
    'its generation': of({ observedGeneration: 3 }),
    'the generation that was acted on': { ...of(), observedGeneration: 3 },
    'what became of a canary': { ...of(), rollout: { revision: 'a', verdict: 'Failed' } },
    'another configuration': { ...of(), configMapName: 'demo-config-2' },
    'when a drain began': { ...of(), ...told({ drain }) },
  };
  for (const [what, next] of Object.entries(all))
    it(what, () => {
      assert.equal(dueInMs(of(), next, 0), 0);
    });
  it('the first of all', () => {
    assert.equal(dueInMs(undefined, of(), 0), 0);
  });
});

describe('how far things are is told twice a second', () => {
  const before: SchedulerClusterStatus = { readyReplicas: 1, conditions: [condition()], ...told() };
  const all: Record<string, SchedulerClusterStatus> = {
    'a count': { ...before, readyReplicas: 2 },
    'the words of a condition': { ...before, conditions: [condition({ message: '2 of 2 ready' })] },
    'the state of an instance': { ...before, ...told({ ready: false, state: 'NotReady' }) },
  };
  for (const [what, next] of Object.entries(all))
    it(what, () => {
      assert.equal(dueInMs(before, next, 100), 400);
      assert.equal(dueInMs(before, next, 500), 0);
      assert.equal(dueInMs(before, next, Infinity), 0);
    });
});

it('the order of instances and conditions says nothing', () => {
  const [zero, one] = [instance(), instance({ ordinal: 1 })];
  assert.equal(dueInMs({ instances: [zero, one] }, { instances: [one, zero] }, 3_600_000), undefined);
});
