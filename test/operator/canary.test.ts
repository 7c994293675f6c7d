/** The first instances try a change; what fails there is taken back. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { InstanceReport } from '../../common/admin-api.ts';
import { configMaps, pods } from '../../operator/kube/resources.ts';
import { canary, next, RolloutWorld } from './rollout-world.ts';
import { sampleCluster } from './sample.ts';
import { refusedStatus } from './stateful-set-controller.ts';

const pending = { inbox: { length: 5000, pending: 1204, dlqLength: 0 } };
let world: RolloutWorld;
beforeEach(async () => {
  world = await RolloutWorld.begin();
});
afterEach(() => {
  world.end();
});

describe('a canary', () => {
  it('tries the change on one instance, and lets the others follow after the soak', async () => {
    await world.settled(canary);
    world.change();
    await world.untilSoaking();
    assert.deepEqual(world.changed(), ['demo-2']);
    await world.pass(10);
    assert.match(world.condition('Progressing').message, /watched until 20/);
    await world.pass(560);
    assert.deepEqual(world.changed(), ['demo-2'], 'its time is not over');
    await world.pass(60);
    assert.equal(world.notes('CanaryPassed').length, 1);
    await world.converge();
    assert.equal(world.changed().length, 3);
    assert.equal(world.says('Ready'), 'True FleetReady');
    assert.deepEqual(world.cluster().status!.rollout, { revision: world.revision() });
  });

  const failures: [what: string, report: Partial<InstanceReport>, says: RegExp, reason: string][] = [
    ['too much pending', pending, /demo-2 has 1204 inbox entries pending, more than 1000/, 'InboxPending'],
    [
      'too many dead letters',
      { inbox: { length: 0, pending: 0, dlqLength: 101 } },
      /101 dead letters/,
      'DeadLetters',
    ],
    [
      'too many jobs without a node',
      { selections: { total: 200, failed: 11 } },
      /no node for 5\.5 % of its jobs, more than 5 %/,
      'SelectionFailures',
    ],
  ];
  for (const [what, report, says, reason] of failures) {
    it(`with ${what} is taken back, drained first, and the figure is told`, async () => {
      await world.settled(canary);
      const untouched = [world.pod('demo-0'), world.pod('demo-1')].map((one) => one!.metadata.uid);
      world.change();
      await world.untilSoaking();
      world.reportFrom('demo-2', report);
      await world.pass(120);
      assert.deepEqual(world.changed(), []);
      assert.equal(world.says('Degraded'), 'True CanaryFailed');
      assert.match(world.condition('Degraded').message, says);
      assert.equal(world.says('Ready'), 'False CanaryFailed');
      assert.equal(world.says('Available'), 'True EnoughReady');
      assert.equal(world.cluster().status!.rollout!.reason, reason);
      assert.deepEqual(
        [world.pod('demo-0'), world.pod('demo-1')].map((one) => one!.metadata.uid),
        untouched,
      );
      assert.deepEqual(world.told, ['demo-2 30', 'demo-2 30'], 'for its update, and for the way back');
      world.kube.forget();
      await world.pass(300);
      assert.deepEqual(world.kube.writes(), [], 'it stays as it is until a person does something');
    });
  }

  it('does not pass before an operator that has just started has asked it', async () => {
    await world.settled(canary);
    world.change();
    await world.untilSoaking();
    world.reportFrom('demo-2', { inbox: { length: 0, pending: 0, dlqLength: 101 } });
    let answer = () => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    world.answers = () => answered;
    world.stop();
    await world.clock.advance(3_600_000);
    await world.start();
    await world.look();
    assert.deepEqual(world.notes('CanaryPassed'), [], 'its time is over, and nobody knows how it is');
    answer();
    world.answers = () => undefined;
    await world.pass(120);
    assert.equal(world.says('Degraded'), 'True CanaryFailed');
    assert.deepEqual(world.changed(), []);
  });

  it('that is not ready for too long is taken back', async () => {
    await world.settled(canary);
    world.behave = ({ spec }) =>
      spec!.containers[0]!.image === next
        ? {
            phase: 'Running',
            podIP: '10.3.0.1',
            conditions: [{ type: 'Ready', status: 'False' }],
            containerStatuses: [
              {
                ...{ name: 'scheduler', ready: false, restartCount: 0, image: '', imageID: '' },
                state: { running: { startedAt: new Date(world.clock.now()).toISOString() } },
              },
            ],
          }
        : undefined;
    world.change();
    await world.pass(60);
    assert.deepEqual(world.changed(), ['demo-2']);
    await world.pass(90);
    assert.match(world.condition('Degraded').message, /has not been ready for \d+ s, more than 60 s/);
    await world.converge();
    assert.deepEqual(world.changed(), []);
  });

  it('that refuses its configuration is taken back at once, with its line', async () => {
    await world.settled(canary);
    world.behave = (one) =>
      one.spec!.containers[0]!.image === next ? refusedStatus('10.4.0.1', 'start\nline 7: no') : undefined;
    world.report = (name) => (world.isNew(name) ? undefined : {});
    world.change();
    await world.pass(60);
    assert.match(world.condition('Degraded').message, /demo-2 refuses its configuration: line 7: no/);
    await world.converge();
    assert.deepEqual(world.changed(), []);
    assert.equal(world.says('Available'), 'True EnoughReady');
  });

  it('is not blamed for what stops the former instances as well', async () => {
    await world.settled(canary);
    world.change();
    await world.untilSoaking();
    for (const one of world.kube.all(pods)) {
      const lastTransitionTime = new Date(world.clock.now()).toISOString();
      world.kube.put({
        ...one,
        status: { ...one.status, conditions: [{ type: 'Ready', status: 'False', lastTransitionTime }] },
      });
    }
    await world.pass(50);
    assert.deepEqual(world.changed(), ['demo-2'], 'neither taken back nor spread');
    assert.equal(world.cluster().status!.rollout!.verdict, undefined);
  });

  it('does not begin on an instance that is over the limits already', async () => {
    await world.settled(canary);
    world.report = (name) => (name === 'demo-2' ? pending : {});
    world.change();
    await world.pass(60);
    assert.deepEqual(world.changed(), []);
    assert.equal(world.says('Progressing'), 'True CanaryWaiting');
    assert.match(world.condition('Progressing').message, /1204/);
    world.report = () => ({});
    await world.untilSoaking();
  });

  it('waits for a person when it is asked to', async () => {
    await world.settled({ rollout: { canary: { soakSeconds: 0, promotion: 'Manual' } } });
    world.change();
    await world.pass(600);
    assert.deepEqual(world.changed(), ['demo-2']);
    assert.equal(world.says('Progressing'), 'True AwaitingPromotion');
    world.annotate('lingua.dev/promote', 'some-older-revision');
    await world.pass(60);
    assert.deepEqual(world.changed(), ['demo-2'], 'what was promoted is not this');
    world.annotate('lingua.dev/promote', world.revision());
    await world.converge();
    assert.equal(world.changed().length, 3);
  });

  it('that failed goes on when a person promotes it, and is forgotten by another change', async () => {
    await world.settled(canary);
    world.change();
    await world.untilFailed(pending);
    assert.equal(world.says('Degraded'), 'True CanaryFailed');
    world.report = () => ({});
    world.annotate('lingua.dev/promote', world.revision());
    await world.converge();
    assert.equal(world.changed().length, 3);
    assert.equal(world.says('Ready'), 'True FleetReady');
    assert.equal(world.cluster().status!.rollout!.verdict, undefined);
  });

  it('that failed is over when the change is taken back', async () => {
    await world.settled(canary);
    world.change();
    await world.untilFailed(pending);
    world.edit((spec) => (spec.image = sampleCluster().spec.image));
    await world.converge();
    assert.equal(world.says('Ready'), 'True FleetReady');
    assert.equal(world.says('Degraded'), 'False AsExpected');
    assert.equal(world.kube.all(configMaps).length, 1);
  });

  it('stays alone while the fleet grows, whose new instances run the former revision with its configuration', async () => {
    await world.settled(canary);
    world.edit((spec) => {
      spec.image = next;
      spec.config.scheduler.jobTimeoutSeconds = 77;
    });
    await world.untilSoaking();
    world.edit((spec) => (spec.replicas = 5));
    await world.pass(60);
    assert.deepEqual(world.changed(), ['demo-2']);
    assert.equal(world.cluster().status!.readyReplicas, 5);
    await world.pass(700);
    await world.converge();
    assert.equal(world.changed().length, 5);
    assert.equal(world.says('Ready'), 'True FleetReady');
  });

  it('begins anew when the fleet shrinks below it', async () => {
    await world.settled(canary);
    world.change();
    await world.untilSoaking();
    world.edit((spec) => (spec.replicas = 2));
    await world.pass(60);
    await world.untilSoaking();
    assert.deepEqual(world.changed(), ['demo-1']);
    await world.pass(700);
    await world.converge();
    assert.deepEqual(world.changed(), ['demo-0', 'demo-1']);
  });

  it('of another change in the middle starts over with that one', async () => {
    await world.settled(canary);
    world.edit((spec) => (spec.image = 'lingua-scheduler:wrong'));
    await world.untilSoaking();
    world.change();
    await world.pass(30);
    await world.untilSoaking();
    assert.deepEqual(world.changed(), ['demo-2']);
  });
});
