import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fleet } from '../../test/fakes/told-fleet.ts';
import { instanceTarget, targetOf } from './target.ts';

const demo = fleet();
const other = fleet({}, { name: 'demo-1' });

const named = (operands: readonly string[], clusters = [demo]) => {
  const { cluster, instance } = targetOf(operands, clusters, 'speech');
  return [cluster.metadata.name, instance];
};

describe('what [NAME] [ID] means', () => {
  it('is the only fleet when nothing is said', () => {
    assert.deepEqual(named([]), ['demo', undefined]);
  });

  it('is a fleet, an instance, or a number of one', () => {
    assert.deepEqual(named(['demo']), ['demo', undefined]);
    assert.deepEqual(named(['demo-7']), ['demo', 'demo-7']);
    assert.deepEqual(named(['7']), ['demo', 'demo-7']);
    assert.deepEqual(named(['demo', '7']), ['demo', 'demo-7']);
  });

  it('is a fleet first, where a fleet is named like an instance of another', () => {
    assert.deepEqual(named(['demo-1'], [demo, other]), ['demo-1', undefined]);
    assert.deepEqual(named(['demo-1-0'], [demo, other]), ['demo-1', 'demo-1-0']);
    assert.equal(instanceTarget('demo-1', [demo, other], 'speech').instance, 'demo-1');
  });

  it('is nothing when it could be several, or is not there', () => {
    assert.throws(
      () => named([], [demo, other]),
      /several SchedulerClusters, so say which\nThere are: demo, demo-1\./,
    );
    assert.throws(() => named([], []), /no SchedulerCluster in namespace speech\n/);
    assert.throws(() => named(['x']), /x is neither a SchedulerCluster nor an instance/);
    assert.throws(() => named(['demo', 'x-1']), /demo has no instance x-1\n.*demo-0/);
    assert.throws(() => named(['3'], [demo, other]), /several/);
  });
});
