/** An instance that must go drains first, everybody can see how far it is, and nothing waits for it for ever. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { pods, statefulSets } from '../../operator/kube/resources.ts';
import { World } from './world.ts';

const demo = { namespace: 'default', name: 'demo' };

let world: World;
/** Instances that still have work when they are told to drain. */
let busy: Set<string>;
beforeEach(async () => {
  world = new World();
  busy = new Set();
  world.drains = (name) => !busy.has(name);
  await world.start();
});
afterEach(() => {
  world.end();
});

const settled = (wish = {}): Promise<void> => world.settled(wish);
const scale = (replicas: number): void => {
  world.edit((spec) => (spec.replicas = replicas));
};
const asked = (): number => world.kube.peek(statefulSets, demo)!.spec!.replicas!;
const podNames = (): string[] =>
  world.kube
    .all(pods)
    .map(({ metadata }) => metadata.name)
    .sort();
const uidOf = (name: string): string | undefined =>
  world.kube.peek(pods, { namespace: 'default', name })?.metadata.uid;

/** As far as it goes by itself, with the instances asked a few times on the way. */
const aWhile = async (): Promise<void> => {
  for (let round = 0; round < 4; round += 1) {
    await world.look();
    world.controller.step();
    await world.clock.advance(7_000);
  }
};

describe('scaling down', () => {
  it('tells the highest instances first, and takes their pods only when they are done', async () => {
    await settled({ replicas: 3 });
    busy.add('demo-1').add('demo-2');
    scale(1);
    await aWhile();
    assert.deepEqual(world.told.sort(), ['demo-1 30', 'demo-2 30'], 'each is told once, with its time-out');
    assert.equal(asked(), 3);
    busy.delete('demo-2');
    await aWhile();
    assert.equal(asked(), 2, 'the top one is done');
    busy.delete('demo-1');
    await world.converge();
    assert.deepEqual(podNames(), ['demo-0']);
    assert.equal(world.says('Ready'), 'True FleetReady');
  });

  it('keeps a lower instance that is done until the ones above it are', async () => {
    await settled({ replicas: 3 });
    busy.add('demo-2');
    scale(1);
    await aWhile();
    assert.equal(asked(), 3, 'a StatefulSet can only let its highest ordinals go');
    busy.clear();
    await world.converge();
    assert.equal(asked(), 1);
  });

  it('shows how far each instance is, and says it in a condition', async () => {
    await settled({ replicas: 2 });
    busy.add('demo-1');
    world.report = (name) =>
      name === 'demo-1' ? { connections: { sessions: 1, nodes: 2 }, jobs: { waiting: 1, running: 4 } } : {};
    scale(1);
    await world.look();
    await world.clock.advance(7_000);
    await world.look();
    assert.equal(world.says('Drained'), 'False Draining');
    assert.match(world.condition('Drained').message, /demo-1 has 1 session, 2 nodes, 5 jobs left/);
    assert.deepEqual(
      world.events.filter(({ reason }) => reason === 'Draining').map(({ note }) => note),
      ['demo-1 drains: fewer instances are asked for; 1 session, 2 nodes, 5 jobs to move.'],
    );
    assert.equal(world.says('Progressing'), 'True Scaling');
    const [, leaving] = world.cluster().status!.instances!;
    assert.equal(leaving!.state, 'Draining');
    assert.equal(leaving!.jobs, 5);
    assert.equal(leaving!.drain!.reason, 'ScaleDown');
    assert.equal(leaving!.drain!.done, false);
    const waitsSeconds =
      (Date.parse(leaving!.drain!.deadlineTime) - Date.parse(leaving!.drain!.startTime)) / 1000;
    assert.ok(waitsSeconds > 30 && waitsSeconds <= 60, String(waitsSeconds));
    busy.clear();
    await world.converge();
    assert.equal(world.says('Drained'), 'True NothingLeaves');
  });

  it('gives up at the deadline, also when the operator was restarted meanwhile', async () => {
    await settled({ replicas: 2, drain: { timeoutSeconds: 60 } });
    busy.add('demo-1');
    scale(1);
    await world.look();
    await world.clock.advance(40_000);
    await world.start();
    await world.look();
    await world.clock.advance(20_000);
    await world.look();
    assert.equal(asked(), 2, 'its time is not over');
    await world.clock.advance(20_000);
    await world.look();
    assert.equal(asked(), 1, 'a restart does not begin its time anew');
    const given = world.events.find(({ reason }) => reason === 'DrainTimedOut');
    assert.match(given!.note, /demo-1/);
    await world.converge();
  });

  it('does not wait for ever when the clock that began it was ahead', async () => {
    await settled({ replicas: 3 });
    busy.add('demo-2');
    scale(2);
    await world.look();
    const cluster = world.cluster();
    const inAnHour = new Date(world.clock.now() + 3_600_000).toISOString().replace(/\.\d+/, '');
    for (const { drain } of cluster.status!.instances!) if (drain) drain.startTime = inAnHour;
    world.put(cluster);
    await world.start();
    await aWhile();
    assert.equal(asked(), 3, 'it has its time');
    await world.clock.advance(35_000);
    await aWhile();
    assert.equal(asked(), 2);
  });

  it('waits for an instance that does not answer only as long as it is ready', async () => {
    await settled({ replicas: 2 });
    world.report = (name) => (name === 'demo-1' ? undefined : {});
    scale(1);
    await aWhile();
    assert.equal(asked(), 2, 'it may have work, it is only silent');
    const pod = world.kube.peek(pods, { namespace: 'default', name: 'demo-1' })!;
    world.kube.put({ ...pod, status: { ...pod.status, conditions: [{ type: 'Ready', status: 'False' }] } });
    await aWhile();
    assert.equal(asked(), 1);
  });

  it('does not wait for one that never started', async () => {
    await settled({ replicas: 1 });
    world.behave = () => ({ phase: 'Pending', conditions: [] });
    scale(2);
    await world.look();
    world.controller.step();
    scale(1);
    await world.look();
    assert.equal(asked(), 1);
    assert.deepEqual(world.told, []);
  });

  it('to nothing drains all, and back starts all', async () => {
    await settled({ replicas: 2 });
    scale(0);
    await world.converge();
    assert.equal(world.told.length, 2);
    assert.equal(world.says('Ready'), 'True Hibernated');
    scale(2);
    await world.converge();
    assert.equal(world.says('Ready'), 'True FleetReady');
  });
});

describe('a scale-down that is taken back', () => {
  it('replaces the instance that had begun to drain, when it is done, and no other', async () => {
    await settled({ replicas: 3, drain: { timeoutSeconds: 300 } });
    const [first, second] = [uidOf('demo-1'), uidOf('demo-2')];
    busy.add('demo-2');
    scale(2);
    await aWhile();
    scale(3);
    await aWhile();
    assert.equal(uidOf('demo-2'), second, 'it still has work');
    assert.match(world.condition('Drained').message, /demo-2/);
    busy.clear();
    await world.converge();
    assert.notEqual(uidOf('demo-2'), second);
    assert.equal(uidOf('demo-1'), first);
    assert.equal(world.says('Ready'), 'True FleetReady');
    assert.deepEqual(
      world.kube.writes().filter((write) => write.startsWith('delete')),
      ['delete Pod demo-2'],
    );
  });

  it('ends as asked last, whatever was asked before and however busy they are', async () => {
    await settled({ replicas: 3 });
    for (const replicas of [1, 5, 2, 4, 0, 3]) {
      busy.add('demo-1').add('demo-2').add('demo-3');
      scale(replicas);
      await world.look();
      world.controller.step();
      busy.delete(`demo-${String(replicas)}`);
      await world.look();
      world.controller.step();
    }
    busy.clear();
    await world.converge();
    assert.deepEqual(podNames(), ['demo-0', 'demo-1', 'demo-2']);
    assert.equal(world.says('Ready'), 'True FleetReady');
    assert.equal(world.says('Drained'), 'True NothingLeaves');
  });

  it('never deletes a pod that took the name meanwhile', async () => {
    await settled({ replicas: 2 });
    busy.add('demo-1');
    scale(1);
    await world.look();
    scale(2);
    await world.look();
    busy.clear();
    await world.clock.advance(7_000);
    const pod = world.kube.peek(pods, { namespace: 'default', name: 'demo-1' })!;
    // A node failure was faster by a moment.
    world.kube.before = ({ verb, kind }) => {
      if (verb === 'delete' && kind === 'Pod')
        world.kube.put({ ...pod, metadata: { ...pod.metadata, uid: 'another' } });
    };
    await world.look();
    assert.ok(world.kube.writes().includes('delete Pod demo-1'), 'it was tried');
    assert.equal(uidOf('demo-1'), 'another');
  });
});

describe('an instance that a person told to drain', () => {
  it('is replaced when it is done', async () => {
    await settled({ replicas: 2 });
    const before = uidOf('demo-0');
    world.drain('demo-0');
    await world.clock.advance(7_000);
    await world.converge();
    assert.notEqual(uidOf('demo-0'), before);
    assert.equal(world.says('Ready'), 'True FleetReady');
    assert.ok(world.events.some(({ reason, note }) => reason === 'Replaced' && note.includes('demo-0')));
  });
});
