/** A change reaches the instances one at a time, drained first; a canary tries it, and what fails there is taken back. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { InstanceReport } from '../../common/admin-api.ts';
import { configMaps, pods, statefulSets, type Pod } from '../../operator/kube/resources.ts';
import { sampleCluster } from './sample.ts';
import { refusedStatus } from './stateful-set-controller.ts';
import { World } from './world.ts';

const demo = { namespace: 'default', name: 'demo' };
const next = 'lingua-scheduler:next';

let world: World;
let busy: Set<string>;
beforeEach(async () => {
  world = new World();
  busy = new Set();
  world.drains = (name) => !busy.has(name);
  await world.start();
});
afterEach(() => {
  world.stop();
  assert.deepEqual(world.controller.complaints, [], 'a pod was started before its file was there');
});

const settled = async (wish = {}): Promise<void> => {
  world.put(sampleCluster({ replicas: 3, ...wish }));
  await world.converge();
  world.kube.forget();
  world.events.length = 0;
};
const canary = { rollout: { canary: { soakSeconds: 600 } } };
const change = (): void => {
  world.edit((spec) => (spec.image = next));
};
const pod = (name: string): Pod | undefined => world.kube.peek(pods, { namespace: 'default', name });
const isNew = (name: string): boolean => pod(name)?.spec!.containers[0]!.image === next;
/** The instances that run the change. */
const changed = (): string[] =>
  world.kube
    .all(pods)
    .map(({ metadata }) => metadata.name)
    .filter(isNew)
    .sort();
const partition = (): number | undefined =>
  world.kube.peek(statefulSets, demo)!.spec!.updateStrategy!.rollingUpdate!.partition;
const revision = (): string => world.cluster().status!.rollout!.revision;
const told = (reason: string): string[] =>
  world.events.filter((event) => event.reason === reason).map(({ note }) => note);

/** So much time, with everybody doing what they do every five seconds. */
const pass = async (seconds: number): Promise<void> => {
  for (let left = seconds; left > 0; left -= 5) {
    await world.clock.advance(5_000);
    await world.look();
    world.controller.step();
  }
};
/** Until the first instance runs the change and is ready. */
const untilSoaking = async (): Promise<void> => {
  for (let round = 0; round < 40 && world.says('Progressing') !== 'True CanarySoaking'; round += 1)
    await pass(5);
  assert.equal(world.says('Progressing'), 'True CanarySoaking');
};
const reportFrom = (name: string, report: Partial<InstanceReport>): void => {
  world.report = (asked) => (asked === name && isNew(name) ? report : {});
};
const pending = { inbox: { length: 5000, pending: 1204, dlqLength: 0 } };

describe('a change without a canary', () => {
  it('never takes an instance that is not drained, nor two at a time', async () => {
    await settled();
    busy.add('demo-2').add('demo-1');
    change();
    await pass(30);
    assert.deepEqual(world.told, ['demo-2 30']);
    assert.deepEqual(changed(), []);
    assert.equal(partition(), 3);
    busy.delete('demo-2');
    await pass(30);
    assert.deepEqual(changed(), ['demo-2']);
    assert.deepEqual(world.told, ['demo-2 30', 'demo-1 30']);
    busy.clear();
    await world.converge();
    assert.deepEqual(changed(), ['demo-0', 'demo-1', 'demo-2']);
    assert.equal(world.says('Ready'), 'True FleetReady');
    assert.equal(partition(), 3, 'at rest nothing is updated unless the operator says so');
  });

  it('leaves its pods to the StatefulSet, whose controller may not have seen the partition yet', async () => {
    await settled();
    world.kube.forget();
    change();
    await world.converge();
    assert.deepEqual(changed(), ['demo-0', 'demo-1', 'demo-2']);
    assert.deepEqual(
      world.kube.writes().filter((write) => write.startsWith('delete Pod')),
      [],
    );
  });

  it('says why each instance restarts, in events and in the status', async () => {
    await settled();
    busy.add('demo-2');
    world.edit((spec) => {
      spec.image = next;
      spec.config.scheduler.jobTimeoutSeconds = 77;
      spec.env = [{ name: 'LOG_LEVEL', value: 'debug' }];
    });
    await pass(10);
    const reasons = ['ImageChanged', 'ConfigChanged', 'EnvironmentChanged'];
    assert.deepEqual(world.cluster().status!.instances![0]!.restartReasons, reasons);
    assert.match(told('RolloutStarted')[0]!, new RegExp(reasons.join(', ')));
    busy.clear();
    await world.converge();
    assert.equal(told('Restarting').length, 3);
    assert.deepEqual(told('Replaced'), [], 'an update is not told twice');
    assert.equal(world.cluster().status!.instances![0]!.restartReasons, undefined);
  });

  it('restarts nothing for what no pod sees, nor for a change that was taken back before it began', async () => {
    await settled();
    const before = world.kube.all(pods).map(({ metadata }) => metadata.uid);
    world.edit((spec) => (spec.service.sessionAffinity = 'ClientIP'));
    await world.converge();
    world.edit((spec) => (spec.rollout = { canary: sampleCluster(canary).spec.rollout.canary! }));
    await world.converge();
    world.annotate('lingua.dev/paused', 'true');
    change();
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
    await settled();
    world.behave = ({ metadata, spec }) =>
      spec!.containers[0]!.image === next
        ? {
            phase: 'Running',
            podIP: `10.1.0.${metadata.name.slice(-1)}`,
            conditions: [{ type: 'Ready', status: 'False' }],
          }
        : undefined;
    change();
    await pass(900);
    assert.deepEqual(changed(), ['demo-2']);
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
    world.report = (name) => (isNew(name) ? {} : undefined);
    world.put(sampleCluster({ replicas: 3, ...canary }));
    await world.converge();
    assert.equal(world.says('Ready'), 'False Refused');
    change();
    await pass(120);
    await world.converge();
    assert.equal(world.says('Ready'), 'True FleetReady', 'there is nothing for a canary to protect');
  });
});

describe('a canary', () => {
  it('tries the change on one instance, and lets the others follow after the soak', async () => {
    await settled(canary);
    change();
    await untilSoaking();
    assert.deepEqual(changed(), ['demo-2']);
    await pass(10);
    assert.match(world.condition('Progressing').message, /watched until 20/);
    await pass(560);
    assert.deepEqual(changed(), ['demo-2'], 'its time is not over');
    await pass(60);
    assert.equal(told('CanaryPassed').length, 1);
    await world.converge();
    assert.equal(changed().length, 3);
    assert.equal(world.says('Ready'), 'True FleetReady');
    assert.deepEqual(world.cluster().status!.rollout, { revision: revision() });
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
      await settled(canary);
      const untouched = [pod('demo-0'), pod('demo-1')].map((one) => one!.metadata.uid);
      change();
      await untilSoaking();
      reportFrom('demo-2', report);
      await pass(120);
      assert.deepEqual(changed(), []);
      assert.equal(world.says('Degraded'), 'True CanaryFailed');
      assert.match(world.condition('Degraded').message, says);
      assert.equal(world.says('Ready'), 'False CanaryFailed');
      assert.equal(world.says('Available'), 'True EnoughReady');
      assert.equal(world.cluster().status!.rollout!.reason, reason);
      assert.deepEqual(
        [pod('demo-0'), pod('demo-1')].map((one) => one!.metadata.uid),
        untouched,
      );
      assert.deepEqual(world.told, ['demo-2 30', 'demo-2 30'], 'for its update, and for the way back');
      world.kube.forget();
      await pass(300);
      assert.deepEqual(world.kube.writes(), [], 'it stays as it is until a person does something');
    });
  }

  it('does not pass before an operator that has just started has asked it', async () => {
    await settled(canary);
    change();
    await untilSoaking();
    reportFrom('demo-2', { inbox: { length: 0, pending: 0, dlqLength: 101 } });
    let answer = () => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    world.answers = () => answered;
    world.stop();
    await world.clock.advance(3_600_000);
    await world.start();
    await world.look();
    assert.deepEqual(told('CanaryPassed'), [], 'its time is over, and nobody knows how it is');
    answer();
    world.answers = () => undefined;
    await pass(120);
    assert.equal(world.says('Degraded'), 'True CanaryFailed');
    assert.deepEqual(changed(), []);
  });

  it('that is not ready for too long is taken back', async () => {
    await settled(canary);
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
    change();
    await pass(60);
    assert.deepEqual(changed(), ['demo-2']);
    await pass(90);
    assert.match(world.condition('Degraded').message, /has not been ready for \d+ s, more than 60 s/);
    await world.converge();
    assert.deepEqual(changed(), []);
  });

  it('that refuses its configuration is taken back at once, with its line', async () => {
    await settled(canary);
    world.behave = (one) =>
      one.spec!.containers[0]!.image === next ? refusedStatus('10.4.0.1', 'start\nline 7: no') : undefined;
    world.report = (name) => (isNew(name) ? undefined : {});
    change();
    await pass(60);
    assert.match(world.condition('Degraded').message, /demo-2 refuses its configuration: line 7: no/);
    await world.converge();
    assert.deepEqual(changed(), []);
    assert.equal(world.says('Available'), 'True EnoughReady');
  });

  it('is not blamed for what stops the former instances as well', async () => {
    await settled(canary);
    change();
    await untilSoaking();
    for (const one of world.kube.all(pods)) {
      const lastTransitionTime = new Date(world.clock.now()).toISOString();
      world.kube.put({
        ...one,
        status: { ...one.status, conditions: [{ type: 'Ready', status: 'False', lastTransitionTime }] },
      });
    }
    await pass(50);
    assert.deepEqual(changed(), ['demo-2'], 'neither taken back nor spread');
    assert.equal(world.cluster().status!.rollout!.verdict, undefined);
  });

  it('does not begin on an instance that is over the limits already', async () => {
    await settled(canary);
    world.report = (name) => (name === 'demo-2' ? pending : {});
    change();
    await pass(60);
    assert.deepEqual(changed(), []);
    assert.equal(world.says('Progressing'), 'True CanaryWaiting');
    assert.match(world.condition('Progressing').message, /1204/);
    world.report = () => ({});
    await untilSoaking();
  });

  it('waits for a person when it is asked to', async () => {
    await settled({ rollout: { canary: { soakSeconds: 0, promotion: 'Manual' } } });
    change();
    await pass(600);
    assert.deepEqual(changed(), ['demo-2']);
    assert.equal(world.says('Progressing'), 'True AwaitingPromotion');
    world.annotate('lingua.dev/promote', 'some-older-revision');
    await pass(60);
    assert.deepEqual(changed(), ['demo-2'], 'what was promoted is not this');
    world.annotate('lingua.dev/promote', revision());
    await world.converge();
    assert.equal(changed().length, 3);
  });

  it('that failed goes on when a person promotes it, and is forgotten by another change', async () => {
    await settled(canary);
    change();
    await untilSoaking();
    reportFrom('demo-2', pending);
    await pass(120);
    assert.equal(world.says('Degraded'), 'True CanaryFailed');
    world.report = () => ({});
    world.annotate('lingua.dev/promote', revision());
    await world.converge();
    assert.equal(changed().length, 3);
    assert.equal(world.says('Ready'), 'True FleetReady');
    assert.equal(world.cluster().status!.rollout!.verdict, undefined);
  });

  it('that failed is over when the change is taken back', async () => {
    await settled(canary);
    change();
    await untilSoaking();
    reportFrom('demo-2', pending);
    await pass(120);
    world.edit((spec) => (spec.image = sampleCluster().spec.image));
    await world.converge();
    assert.equal(world.says('Ready'), 'True FleetReady');
    assert.equal(world.says('Degraded'), 'False AsExpected');
    assert.equal(world.kube.all(configMaps).length, 1);
  });

  it('stays alone while the fleet grows, whose new instances run the former revision with its configuration', async () => {
    await settled(canary);
    world.edit((spec) => {
      spec.image = next;
      spec.config.scheduler.jobTimeoutSeconds = 77;
    });
    await untilSoaking();
    world.edit((spec) => (spec.replicas = 5));
    await pass(60);
    assert.deepEqual(changed(), ['demo-2']);
    assert.equal(world.cluster().status!.readyReplicas, 5);
    await pass(700);
    await world.converge();
    assert.equal(changed().length, 5);
    assert.equal(world.says('Ready'), 'True FleetReady');
  });

  it('begins anew when the fleet shrinks below it', async () => {
    await settled(canary);
    change();
    await untilSoaking();
    world.edit((spec) => (spec.replicas = 2));
    await pass(60);
    await untilSoaking();
    assert.deepEqual(changed(), ['demo-1']);
    await pass(700);
    await world.converge();
    assert.deepEqual(changed(), ['demo-0', 'demo-1']);
  });

  it('of another change in the middle starts over with that one', async () => {
    await settled(canary);
    world.edit((spec) => (spec.image = 'lingua-scheduler:wrong'));
    await untilSoaking();
    change();
    await pass(30);
    await untilSoaking();
    assert.deepEqual(changed(), ['demo-2']);
  });
});
