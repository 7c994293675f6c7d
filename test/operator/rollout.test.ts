/** A change reaches the instances one at a time, drained first. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { pods } from '../../operator/kube/resources.ts';
import { canary, next, RolloutWorld } from './rollout-world.ts';
import { sampleCluster } from './sample.ts';
import { refusedStatus } from './stateful-set-controller.ts';

let world: RolloutWorld;
beforeEach(async () => {
  world = await RolloutWorld.begin();
});
afterEach(() => {
  world.end();
});

describe('a change without a canary', () => {
  it('never takes an instance that is not drained, nor two at a time', async () => {
    await world.settled();
    world.busy.add('demo-2').add('demo-1');
    world.change();
    await world.pass(30);
    assert.deepEqual(world.told, ['demo-2 30']);
    assert.deepEqual(world.changed(), []);
    assert.equal(world.partition(), 3);
    world.busy.delete('demo-2');
    await world.pass(30);
    assert.deepEqual(world.changed(), ['demo-2']);
    assert.deepEqual(world.told, ['demo-2 30', 'demo-1 30']);
    world.busy.clear();
    await world.converge();
    assert.deepEqual(world.changed(), ['demo-0', 'demo-1', 'demo-2']);
    assert.equal(world.says('Ready'), 'True FleetReady');
    assert.equal(world.partition(), 3, 'at rest nothing is updated unless the operator says so');
  });

  it('leaves its pods to the StatefulSet, whose controller may not have seen the partition yet', async () => {
    await world.settled();
    world.kube.forget();
    world.change();
    await world.converge();
    assert.deepEqual(world.changed(), ['demo-0', 'demo-1', 'demo-2']);
    assert.deepEqual(
      world.kube.writes().filter((write) => write.startsWith('delete Pod')),
      [],
    );
  });

  it('says why each instance restarts, in events and in the status', async () => {
    await world.settled();
    world.busy.add('demo-2');
    world.edit((spec) => {
      spec.image = next;
      spec.config.scheduler.jobTimeoutSeconds = 77;
      spec.env = [{ name: 'LOG_LEVEL', value: 'debug' }];
    });
    await world.pass(10);
    const reasons = ['ImageChanged', 'ConfigChanged', 'EnvironmentChanged'];
    assert.deepEqual(world.cluster().status!.instances![0]!.restartReasons, reasons);
    assert.match(world.notes('RolloutStarted')[0]!, new RegExp(reasons.join(', ')));
    world.busy.clear();
    await world.converge();
    assert.equal(world.notes('Restarting').length, 3);
    assert.deepEqual(world.notes('Replaced'), [], 'an update is not told twice');
    assert.equal(world.cluster().status!.instances![0]!.restartReasons, undefined);
  });

  it('restarts nothing for what no pod sees, nor for a change that was taken back before it began', async () => {
    await world.settled();
    const before = world.kube.all(pods).map(({ metadata }) => metadata.uid);
    world.edit((spec) => (spec.service.sessionAffinity = 'ClientIP'));
    await world.converge();
    world.edit((spec) => (spec.rollout = { canary: sampleCluster(canary).spec.rollout.canary! }));
    await world.converge();
    world.annotate('lingua.dev/paused', 'true');
    world.change();
    await world.converge();
    world.edit((spec) => (spec.image = sampleCluster().spec.image));
    await world.converge();
    world.annotate('lingua.dev/paused', undefined);
    await world.converge();
    assert.deepEqual(
      world.kube.all(pods).map(({ metadata }) => metadata.uid),
      before,
    );
    assert.equal(world.says('Ready'), 'True FleetReady');
  });

  it('that never becomes ready stops at the first instance', async () => {
    await world.settled();
    world.behave = ({ metadata, spec }) =>
      spec!.containers[0]!.image === next
        ? {
            phase: 'Running',
            podIP: `10.1.0.${metadata.name.slice(-1)}`,
            conditions: [{ type: 'Ready', status: 'False' }],
          }
        : undefined;
    world.change();
    await world.pass(900);
    assert.deepEqual(world.changed(), ['demo-2']);
    assert.equal(world.says('Available'), 'True EnoughReady');
    world.behave = () => undefined;
    world.edit((spec) => (spec.image = sampleCluster().spec.image));
    await world.converge();
    assert.equal(world.says('Ready'), 'True FleetReady');
  });

  it('reaches a fleet of which nothing works: it may be the cure', async () => {
    world.behave = ({ metadata, spec }) =>
      spec!.containers[0]!.image === next
        ? undefined
        : refusedStatus(`10.2.0.${metadata.name.slice(-1)}`, 'line 1: no');
    world.report = (name) => (world.isNew(name) ? {} : undefined);
    world.put(sampleCluster({ replicas: 3, ...canary }));
    await world.converge();
    assert.equal(world.says('Ready'), 'False Refused');
    world.change();
    await world.pass(120);
    await world.converge();
    assert.equal(world.says('Ready'), 'True FleetReady', 'there is nothing for a canary to protect');
  });
});
