/** Creating, scaling and reconfiguring a cluster, with everything in between visible. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { currentConfigMapName } from '../../operator/resources/config-map.ts';
import {
  configMaps,
  podDisruptionBudgets,
  pods,
  statefulSets,
  type Pod,
} from '../../operator/kube/resources.ts';
import { refusedStatus } from './stateful-set-controller.ts';
import { sampleCluster } from './sample.ts';
import { ownedKinds } from './surroundings.ts';
import { World } from './world.ts';

const at = (name: string, namespace = 'default') => ({ name, namespace });

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => {
  world.end();
});

const settled = (wish = {}): Promise<void> => world.settled(wish);

describe('creating', () => {
  it('makes every object in order, and ends ready', async () => {
    world.put(sampleCluster());
    await world.converge();
    const made = world.kube.writes().filter((write) => !write.startsWith('applyStatus'));
    assert.deepEqual(made, [
      'apply ServiceAccount demo',
      'create Secret demo-admin',
      `apply ConfigMap ${currentConfigMapName(sampleCluster())}`,
      'apply Service demo-headless',
      'apply Service demo',
      'apply PodDisruptionBudget demo',
      'apply StatefulSet demo',
    ]);
    const objects = made.map((write) => write.replace(/^\w+ /, '')).join(', ');
    assert.deepEqual(
      world.events.map(({ note }) => note),
      [`Created ${objects}.`, '2 instances asked for; 2 of 2 instances ready.'],
    );
    assert.equal(world.says('Ready'), 'True FleetReady');
    assert.equal(world.says('ConfigValid'), 'True Valid');
    assert.equal(world.says('RedisReachable'), 'True Reachable');
    assert.deepEqual(
      world.cluster().status!.instances!.map(({ podName, state }) => `${podName} ${state}`),
      ['demo-0 Ready', 'demo-1 Ready'],
    );
  });

  it('writes every condition at the first look', async () => {
    world.put(sampleCluster());
    await world.look();
    const conditions = world.cluster().status!.conditions!;
    assert.deepEqual(
      conditions.map(({ type, status }) => `${type} ${status}`),
      [
        'Ready False',
        'Available False',
        'Progressing True',
        'Degraded False',
        'ConfigValid Unknown',
        'RedisReachable Unknown',
        'InstancesUnique Unknown',
        'RoutingVerified Unknown',
        'Drained True',
        'ProductionReady True',
      ],
    );
    assert.equal(world.says('Progressing'), 'True Creating');
  });

  it('a second look over an unchanged world writes nothing, and neither does a restarted operator', async () => {
    await settled();
    for (let looks = 0; looks < 3; looks += 1) {
      world.resync();
      await world.converge();
    }
    assert.deepEqual(world.kube.writes(), []);
    await world.start();
    await world.converge();
    assert.deepEqual(world.kube.writes(), []);
  });

  it('while the caches hear nothing, a second look repeats no write', async () => {
    for (const { kind } of ownedKinds) world.frozen.add(kind);
    world.put(sampleCluster());
    await world.look();
    world.kube.forget();
    world.resync();
    await world.look();
    assert.deepEqual(world.kube.writes(), []);
    world.frozen.clear();
    await world.converge();
    world.frozen.add('PodDisruptionBudget');
    world.edit((spec) => (spec.replicas = 1));
    await world.look();
    world.kube.forget();
    world.resync();
    await world.look();
    const again = world.kube.writes().filter((write) => write.includes('PodDisruptionBudget'));
    assert.deepEqual(again, [], 'the budget is deleted once');
    world.frozen.clear();
  });

  it('a settled world costs no reads but the Secret', async () => {
    await settled();
    world.resync();
    await world.look();
    const asked = world.kube.requests.filter(({ verb }) => verb === 'get').map(({ kind }) => kind);
    assert.deepEqual(asked, ['Secret']);
  });
});

describe('scaling', () => {
  it('up: the files of the new instances are there before the replicas are raised', async () => {
    await settled();
    world.edit((spec) => (spec.replicas = 4));
    await world.look();
    const writes = world.kube.writes().filter((write) => !write.startsWith('applyStatus'));
    assert.deepEqual(
      writes,
      [
        `apply ConfigMap ${currentConfigMapName(sampleCluster())}`,
        'apply PodDisruptionBudget demo',
        'apply StatefulSet demo',
      ].filter((write) => !write.includes('Disruption')),
    );
    await world.converge();
    assert.equal(world.cluster().status!.readyReplicas, 4);
    assert.ok(world.events.some(({ reason, note }) => reason === 'Scaled' && note.includes('from 2 to 4')));
  });

  it('up: when the files cannot be written, the replicas stay', async () => {
    await settled();
    world.edit((spec) => (spec.replicas = 4));
    world.kube.failWrite(1, 'before');
    await world.look();
    assert.equal(world.kube.peek(statefulSets, at('demo'))!.spec!.replicas, 2);
    await world.converge();
    assert.equal(world.kube.peek(statefulSets, at('demo'))!.spec!.replicas, 4);
  });

  it('up: while somebody holds a ConfigMap that is being deleted, no instance is asked for that has no file there', async () => {
    await settled();
    const [map] = world.kube.all(configMaps);
    const deletionTimestamp = new Date(world.clock.now()).toISOString();
    world.kube.put({
      ...map!,
      metadata: { ...map!.metadata, deletionTimestamp, finalizers: ['example.com/backup'] },
    });
    world.edit((spec) => (spec.replicas = 4));
    await world.converge();
    assert.equal(world.kube.peek(statefulSets, at('demo'))!.spec!.replicas, 2);
    world.kube.remove(map!);
    await world.converge();
    assert.equal(world.cluster().status!.readyReplicas, 4);
  });

  it('down: the template does not change, files are not taken away, and the status waits for the last pod', async () => {
    await settled({ replicas: 4 });
    const template = world.kube.peek(statefulSets, at('demo'))!.spec!.template;
    world.edit((spec) => (spec.replicas = 2));
    await world.look();
    assert.equal(world.says('Progressing'), 'True Scaling');
    await world.converge();
    assert.deepEqual(world.kube.peek(statefulSets, at('demo'))!.spec!.template, template);
    const files = world.kube.peek(configMaps, at(currentConfigMapName(sampleCluster())))!.data!;
    assert.equal(Object.keys(files).length, 4);
    assert.equal(world.cluster().status!.instances!.length, 2);
    assert.equal(world.says('Ready'), 'True FleetReady');
  });

  it('to one: the budget goes, and it comes back', async () => {
    await settled();
    world.edit((spec) => (spec.replicas = 1));
    await world.converge();
    assert.equal(world.kube.all(podDisruptionBudgets).length, 0);
    world.edit((spec) => (spec.replicas = 2));
    await world.converge();
    assert.equal(world.kube.all(podDisruptionBudgets).length, 1);
  });

  it('to zero: hibernated, and ready', async () => {
    await settled();
    world.edit((spec) => (spec.replicas = 0));
    await world.converge();
    assert.equal(world.says('Ready'), 'True Hibernated');
    assert.equal(world.kube.all(pods).length, 0);
  });

  it('back and forth without waiting ends as asked last', async () => {
    await settled();
    for (const replicas of [3, 1, 5, 2, 4]) {
      world.edit((spec) => (spec.replicas = replicas));
      await world.look();
      world.controller.step();
    }
    await world.converge();
    assert.equal(world.cluster().status!.readyReplicas, 4);
  });
});

describe('changing the configuration', () => {
  const slower = (spec: { config: { scheduler: { jobTimeoutSeconds: number } } }) =>
    (spec.config.scheduler.jobTimeoutSeconds = 60);

  it('makes another ConfigMap and keeps the old one until no pod names it', async () => {
    await settled();
    const [before] = world.kube.all(configMaps);
    world.edit(slower);
    await world.look();
    world.controller.step();
    await world.look();
    assert.equal(world.kube.all(configMaps).length, 2, 'the old one is still in use');
    await world.converge();
    const left = world.kube.all(configMaps);
    assert.equal(left.length, 1);
    assert.notEqual(left[0]!.metadata.name, before!.metadata.name);
    assert.match(left[0]!.data!['demo-0.toml']!, /job_timeout_seconds = 60/);
    assert.equal(world.cluster().status!.configMapName, left[0]!.metadata.name);
  });

  it('and back in the middle of the rollout leaves every pod with a configuration that exists', async () => {
    await settled();
    world.edit(slower);
    await world.look();
    for (let steps = 0; steps < 4; steps += 1) world.controller.step();
    world.edit((spec) => (spec.config.scheduler.jobTimeoutSeconds = 30));
    await world.converge();
    assert.equal(world.says('Ready'), 'True FleetReady');
    assert.deepEqual(
      world.kube.all(configMaps).map(({ metadata }) => metadata.name),
      [currentConfigMapName(sampleCluster())],
    );
  });

  it('does not touch a ConfigMap that a pod names although the caches say that none does', async () => {
    await settled();
    const [old] = world.kube.all(configMaps);
    const [pod] = world.kube.all(pods);
    world.edit(slower);
    await world.converge();
    // A pod of the old revision appears that the operator's cache does not select.
    world.kube.put({ ...old!, metadata: { ...old!.metadata, name: 'demo-config-old' } });
    const volumes = [{ name: 'config', configMap: { name: 'demo-config-old' } }];
    const labels = { ...pod!.metadata.labels };
    delete labels['app.kubernetes.io/managed-by'];
    world.kube.put({
      ...pod!,
      metadata: { ...pod!.metadata, name: 'demo-9', labels, uid: 'u9' },
      spec: { ...pod!.spec!, volumes },
    });
    world.resync();
    await world.look();
    assert.ok(world.kube.peek(configMaps, at('demo-config-old')));
  });

  it('that changes twice while a hibernated fleet wakes up never leaves a pod without its file', async () => {
    await settled({ replicas: 0 });
    world.edit((spec) => (spec.config.scheduler.jobTimeoutSeconds = 60));
    await world.converge();
    world.edit((spec) => {
      spec.config.scheduler.jobTimeoutSeconds = 90;
      spec.replicas = 3;
    });
    await world.converge();
    assert.equal(world.says('Ready'), 'True FleetReady');
  });

  it('that the instances refuse is quoted, and correcting it heals', async () => {
    await settled();
    const line = 'config.toml:7: scheduler.job_timeout_seconds must be at most 3600';
    const bad = currentConfigMapName(sampleCluster({ config: { scheduler: { jobTimeoutSeconds: 60 } } }));
    const isBad = (pod: Pod | undefined) =>
      pod?.spec!.volumes!.some(({ configMap }) => configMap?.name === bad);
    world.behave = (pod) => (isBad(pod) ? refusedStatus('10.9.9.9', line) : undefined);
    world.report = (name) => (isBad(world.kube.peek(pods, at(name))) ? undefined : {});
    world.edit(slower);
    await world.converge();
    assert.equal(world.says('ConfigValid'), 'False Refused');
    assert.ok(world.condition('ConfigValid').message.includes(line));
    assert.equal(world.says('Ready'), 'False Refused');
    assert.equal(world.says('Degraded'), 'True CrashLooping');
    assert.equal(world.says('Available'), 'True EnoughReady', 'the other instance still serves');
    world.report = () => ({});
    world.edit((spec) => (spec.config.scheduler.jobTimeoutSeconds = 30));
    await world.converge();
    assert.equal(world.says('Ready'), 'True FleetReady');
  });
});
