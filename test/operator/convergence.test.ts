import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { schedulerClusters } from '../../operator/api/group.ts';
import { currentConfigMapName } from '../../operator/resources/config-map.ts';
import {
  configMaps,
  podDisruptionBudgets,
  pods,
  services,
  statefulSets,
} from '../../operator/kube/resources.ts';
import { refusedStatus } from './stateful-set-controller.ts';
import { sampleCluster } from './sample.ts';
import { World } from './world.ts';

const at = (name: string, namespace = 'default') => ({ name, namespace });

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => {
  world.stop();
  assert.deepEqual(world.controller.complaints, [], 'a pod was started before its file was there');
});

const settled = async (wish = {}): Promise<void> => {
  world.put(sampleCluster(wish));
  await world.converge();
  world.kube.forget();
};

describe('creating', () => {
  it('makes every object in order, and ends ready', async () => {
    world.put(sampleCluster());
    await world.converge();
    const made = world.kube.writes().filter((write) => !write.startsWith('applyStatus'));
    assert.deepEqual(made, [
      'create Secret demo-admin',
      'apply ServiceAccount demo',
      `apply ConfigMap ${currentConfigMapName(sampleCluster())}`,
      'apply Service demo-headless',
      'apply Service demo',
      'apply PodDisruptionBudget demo',
      'apply StatefulSet demo',
    ]);
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

  it('that the instances refuse is quoted, and correcting it heals', async () => {
    await settled();
    const line = 'config.toml:7: scheduler.job_timeout_seconds must be at most 3600';
    const bad = currentConfigMapName(sampleCluster({ config: { scheduler: { jobTimeoutSeconds: 60 } } }));
    world.behave = (pod) =>
      pod.spec!.volumes!.some(({ configMap }) => configMap?.name === bad)
        ? refusedStatus('10.9.9.9', line)
        : undefined;
    world.report = (name) => (name === 'demo-1' ? undefined : {});
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

describe('the status after an edit', () => {
  it('is not ready for the new generation before the pods are', async () => {
    await settled();
    const before = world.cluster().metadata.generation!;
    world.edit((spec) => (spec.image = 'lingua-scheduler:next'));
    await world.look();
    const { observedGeneration, status } = world.condition('Ready');
    assert.equal(observedGeneration, before + 1);
    assert.equal(status, 'False');
    // Until the cache shows the new StatefulSet, its old status must not be taken for the new one's.
    world.resync();
    await world.look();
    assert.equal(world.says('Ready'), 'False RollingOut');
    await world.converge();
    assert.equal(world.says('Ready'), 'True FleetReady');
    assert.equal(world.condition('Ready').observedGeneration, before + 1);
  });

  it('of something that no pod sees stays ready, for the new generation', async () => {
    await settled();
    world.edit((spec) => (spec.service.sessionAffinity = 'ClientIP'));
    await world.look();
    assert.equal(world.says('Ready'), 'True FleetReady');
    assert.equal(world.condition('Ready').observedGeneration, world.cluster().metadata.generation);
  });

  it('moves a transition time only when a condition turns', async () => {
    await settled();
    const created = world.condition('Available').lastTransitionTime;
    await world.clock.advance(3_600_000);
    world.edit((spec) => (spec.replicas = 3));
    await world.converge();
    assert.equal(world.condition('Available').lastTransitionTime, created);
    assert.notEqual(world.condition('Ready').lastTransitionTime, created);
  });
});

describe('what others do', () => {
  it('a field of ours that was changed comes back, and an event names it', async () => {
    await settled();
    const set = world.kube.peek(statefulSets, at('demo'))!;
    world.kube.put({ ...set, spec: { ...set.spec!, replicas: 9 } });
    await world.converge();
    assert.equal(world.kube.peek(statefulSets, at('demo'))!.spec!.replicas, 2);
    const drift = world.events.find(({ reason }) => reason === 'DriftHealed');
    assert.match(drift!.note, /spec\.replicas/);
  });

  it('an object of ours that was deleted comes back', async () => {
    await settled();
    for (const { metadata } of world.kube.all(services))
      world.kube.remove({ apiVersion: 'v1', kind: 'Service', metadata });
    await world.converge();
    assert.equal(world.kube.all(services).length, 2);
  });

  it('a label of ours that was removed comes back, though the cache lost the object by it', async () => {
    await settled();
    const service = world.kube.peek(services, at('demo'))!;
    world.kube.put({ ...service, metadata: { ...service.metadata, labels: { mine: 'yes' } } });
    await world.converge();
    const labels = world.kube.peek(services, at('demo'))!.metadata.labels!;
    assert.equal(labels['app.kubernetes.io/managed-by'], 'lingua-operator');
    assert.equal(labels['mine'], 'yes');
  });

  it('what others add is left alone', async () => {
    await settled();
    const service = world.kube.peek(services, at('demo'))!;
    world.kube.put({ ...service, spec: { ...service.spec!, externalTrafficPolicy: 'Local' } });
    await world.converge();
    assert.deepEqual(world.kube.writes(), []);
    assert.equal(world.kube.peek(services, at('demo'))!.spec!.externalTrafficPolicy, 'Local');
  });

  for (const labelled of [false, true]) {
    it(`a foreign object with our name is not touched${labelled ? ', not even when it wears our labels' : ''}`, async () => {
      const theirs = world.kube.put({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: {
          name: 'demo',
          namespace: 'default',
          labels: labelled ? { 'app.kubernetes.io/managed-by': 'lingua-operator' } : {},
        },
        spec: { type: 'ExternalName' },
      });
      world.put(sampleCluster());
      await world.converge();
      assert.deepEqual(world.kube.peek(services, at('demo')), theirs);
      assert.equal(world.says('Degraded'), 'True ForeignObject');
      assert.match(world.condition('Degraded').message, /Service demo/);
      assert.equal(world.says('Ready'), 'False ForeignObject');
      assert.equal(world.outcomes.get('default/demo'), 'blocked');
      world.kube.remove(theirs);
      world.resync();
      await world.converge();
      assert.equal(world.says('Ready'), 'True FleetReady');
    });
  }

  it('a foreign Secret with our name is neither used nor changed', async () => {
    world.kube.put({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'demo-admin', namespace: 'default' },
    });
    world.put(sampleCluster());
    await world.converge();
    assert.match(world.condition('Degraded').message, /Secret demo-admin/);
    assert.equal(world.kube.all(statefulSets).length, 0);
  });

  it('the pods of others are ignored, whatever they are labelled', async () => {
    await settled();
    const [pod] = world.kube.all(pods);
    world.kube.put({
      ...pod!,
      metadata: {
        ...pod!.metadata,
        name: 'demo-7',
        uid: 'theirs',
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'demo', uid: 'other', controller: true },
        ],
      },
    });
    world.resync();
    await world.converge();
    assert.deepEqual(
      world.cluster().status!.instances!.map(({ ordinal }) => ordinal),
      [0, 1],
    );
  });
});

describe('deleting', () => {
  it('leaves nothing behind', async () => {
    await settled();
    await world.kube.delete(schedulerClusters, world.cluster());
    await world.converge();
    assert.deepEqual(world.owned(), []);
    assert.equal(world.kube.all(pods).length, 0);
    assert.ok(!(await world.registry.metrics()).includes('name="demo"'), 'its series are gone too');
  });

  it('in the middle of creating makes nothing more, whatever the cache says', async () => {
    const cluster = world.put(sampleCluster());
    world.kube.before = ({ write }) => {
      // The user deletes it while the first object is on its way; the cache has not heard.
      if (write === 1)
        world.kube.put({
          ...cluster,
          metadata: { ...cluster.metadata, deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['x'] },
        });
    };
    await world.look();
    world.kube.before = undefined;
    await world.converge();
    const before = world.kube.writes().length;
    world.resync();
    await world.converge();
    assert.equal(world.kube.writes().length, before, 'a cluster that goes is left alone');
  });

  it('a cluster that was made anew under the same name gets its own objects', async () => {
    await settled();
    const old = world.cluster();
    await world.kube.delete(schedulerClusters, old);
    world.put(sampleCluster({ replicas: 3 }, { uid: 'uid-of-another-demo' }));
    await world.converge();
    world.resync();
    await world.converge();
    const owners = new Set(
      world.kube.all(statefulSets).map(({ metadata }) => metadata.ownerReferences![0]!.uid),
    );
    assert.deepEqual([...owners], ['uid-of-another-demo']);
    assert.equal(world.says('Ready'), 'True FleetReady');
  });
});

describe('several clusters', () => {
  it('of one name in two namespaces do not touch each other', async () => {
    world.put(sampleCluster({}, { namespace: 'a', uid: 'uid-a' }));
    world.put(sampleCluster({}, { namespace: 'b', uid: 'uid-b' }));
    await world.converge();
    world.kube.forget();
    world.edit((spec) => (spec.replicas = 5), 'demo', 'b');
    await world.converge();
    assert.deepEqual(
      world.kube.requests.filter(({ namespace, write }) => write > 0 && namespace === 'a'),
      [],
    );
    assert.equal(world.cluster('demo', 'a').status!.readyReplicas, 2);
    assert.equal(world.cluster('demo', 'b').status!.readyReplicas, 5);
    await world.kube.delete(schedulerClusters, world.cluster('demo', 'a'));
    await world.converge();
    assert.equal(world.cluster('demo', 'b').status!.readyReplicas, 5);
    assert.equal(world.kube.all(statefulSets).length, 1);
  });
});

describe('Redis', () => {
  it('that the instances cannot reach is said with their words', async () => {
    await settled();
    world.report = () => ({
      redis: {
        reachable: false,
        mode: 'single',
        keyPrefix: 'p',
        roundTripMs: null,
        error: 'ECONNREFUSED 10.1.1.1:6379',
      },
    });
    await world.converge();
    assert.equal(world.says('RedisReachable'), 'False Unreachable');
    assert.match(world.condition('RedisReachable').message, /ECONNREFUSED/);
    assert.equal(world.says('Ready'), 'False Unreachable');
    world.report = () => ({});
    await world.converge();
    assert.equal(world.says('Ready'), 'True FleetReady');
  });
});

describe('figures', () => {
  it('of connections alone cost a write a minute at most', async () => {
    await settled();
    let sessions = 0;
    world.report = () => ({ connections: { sessions: (sessions += 1), nodes: 1 } });
    for (let second = 0; second < 300; second += 1) {
      await world.clock.advance(1_000);
      await world.look();
    }
    const writes = world.kube.writes().length;
    assert.ok(writes >= 3 && writes <= 6, `${String(writes)} writes in five minutes`);
  });
});
