import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { controllerRevisions, pods, statefulSets, type Pod } from '../../../operator/kube/resources.ts';
import { target } from '../target.ts';
import { always, eventually, idle, isReady, openPlace, settled, type Place, slowToEnd } from './place.ts';

const { lacks } = await target();

const names = (found: readonly Pod[]): string[] => found.map(({ metadata }) => metadata.name);

const revisionOf = (pod: Pod | undefined): string | undefined =>
  pod?.metadata.labels?.['controller-revision-hash'];

const status = async (place: Place, name: string) => (await place.get(statefulSets, name))?.status;

const change = (place: Place, name: string, spec: object) =>
  place.kube.patch(statefulSets, { namespace: place.namespace, name }, { spec });

/** A new pod template that says nothing new to the process. */
const roll = (place: Place, name: string, version: string, more: object = {}) =>
  change(place, name, { template: { metadata: { annotations: { version } } }, ...more });

describe('a StatefulSet', { concurrency: true, skip: lacks.pods }, () => {
  it('gives its pods names, labels, a host name and an owner', async (t) => {
    const place = await openPlace(t);
    const set = await place.runSet('web', place.container(idle), { ordinals: { start: 3 } });
    const [first, second] = await settled(place, 'web', 2);
    assert.deepEqual(names([first!, second!]), ['web-3', 'web-4']);
    assert.equal(first!.metadata.labels?.['statefulset.kubernetes.io/pod-name'], 'web-3');
    assert.equal(first!.metadata.labels['apps.kubernetes.io/pod-index'], '3');
    assert.deepEqual([first!.spec?.hostname, first!.spec?.subdomain], ['web-3', 'web']);
    const { apiVersion, kind, name, uid } = { ...set, ...set.metadata };
    const owner = { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
    assert.deepEqual(first!.metadata.ownerReferences, [owner]);
    const reported = await eventually('the status', async () => {
      const found = await status(place, 'web');
      return found?.availableReplicas === 2 ? found : undefined;
    });
    assert.equal(reported.currentRevision, revisionOf(first));
    assert.equal(reported.updateRevision, revisionOf(first));
    assert.deepEqual(
      [reported.replicas, reported.readyReplicas, reported.currentReplicas, reported.updatedReplicas],
      [2, 2, 2, 2],
    );
  });

  it('with OrderedReady makes a pod only when the one before is ready', async (t) => {
    const place = await openPlace(t);
    await place.runSet('web', place.container(idle), {
      podManagementPolicy: 'OrderedReady',
      template: gatedTemplate(place),
    });
    await eventually('the first pod', async () => (await place.pod('web-0'))?.status?.phase === 'Running');
    await always('no second pod', async () => (await place.pods()).length === 1);
    await open(place, 'web-0');
    await eventually('the second pod', () => place.pod('web-1'));
  });

  it('with OrderedReady removes the highest pod first, and the next only when it is gone', async (t) => {
    const place = await openPlace(t);
    await place.runSet('web', slowToEnd(place, 1000), { podManagementPolicy: 'OrderedReady' });
    await settled(place, 'web', 2);
    await change(place, 'web', { replicas: 0 });
    const leaving = await eventually('a pod that leaves', async () => {
      const found = await place.pods('app=web');
      return found.some(({ metadata }) => metadata.deletionTimestamp) ? found : undefined;
    });
    assert.deepEqual(
      leaving.map(({ metadata }) => metadata.deletionTimestamp !== undefined),
      [false, true],
    );
    await settled(place, 'web', 0);
  });

  it('replaces a deleted pod under the same name only when it is really gone', async (t) => {
    const place = await openPlace(t);
    await place.runSet('web', slowToEnd(place, 1500), { replicas: 1 });
    const [before] = await settled(place, 'web', 1);
    await place.kube.delete(pods, before!);
    await always(
      'the old pod keeps its name while it ends',
      async () => {
        const now = await place.pod('web-0');
        return now?.metadata.uid === before!.metadata.uid;
      },
      700,
    );
    const [after] = await settled(place, 'web', 1);
    assert.notEqual(after!.metadata.uid, before!.metadata.uid);
  });

  it('rolls from the highest ordinal, one at a time, down to the partition', async (t) => {
    const place = await openPlace(t);
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 1 } };
    await place.runSet('web', place.container(idle), { replicas: 3, updateStrategy });
    const before = await settled(place, 'web', 3);
    await roll(place, 'web', '2');
    await eventually('two updated pods', async () => (await status(place, 'web'))?.updatedReplicas === 2);
    const after = await settled(place, 'web', 3);
    assert.deepEqual(
      after.map((pod, n) => pod.metadata.uid === before[n]!.metadata.uid),
      [true, false, false],
    );
    assert.ok(created(after[2]!) <= created(after[1]!), 'the highest came first');
    const { currentRevision, updateRevision } = (await status(place, 'web'))!;
    assert.notEqual(currentRevision, updateRevision);

    await place.kube.delete(pods, after[0]!);
    const [back] = await settled(place, 'web', 3);
    assert.equal(revisionOf(back), currentRevision, 'below the partition a lost pod comes back as it was');

    await change(place, 'web', { updateStrategy: { rollingUpdate: { partition: 0 } } });
    await eventually('one revision again', async () => {
      const now = await status(place, 'web');
      return now?.currentRevision === updateRevision && now?.currentReplicas === 3;
    });
  });

  it('stops a roll at a pod that does not become ready, and goes back when the template does', async (t) => {
    const place = await openPlace(t);
    await place.runSet('web', place.container(idle));
    const before = await settled(place, 'web', 2);
    await change(place, 'web', { template: gatedTemplate(place) });
    const broken = await eventually('the new pod', async () => {
      const pod = await place.pod('web-1');
      return pod?.status?.phase === 'Running' && pod.metadata.uid !== before[1]!.metadata.uid
        ? pod
        : undefined;
    });
    await always('the lower pod is left alone', async () => {
      const [lower] = await place.pods('app=web');
      return lower?.metadata.uid === before[0]!.metadata.uid && !lower?.metadata.deletionTimestamp;
    });
    assert.ok(!isReady(broken));
    await place.kubectl('rollout', 'undo', 'statefulset/web');
    const after = await settled(place, 'web', 2);
    assert.deepEqual(after.map(revisionOf), before.map(revisionOf));
    assert.equal(after[0]!.metadata.uid, before[0]!.metadata.uid);
  });

  it('waits minReadySeconds before it counts a pod as available', async (t) => {
    const place = await openPlace(t);
    await place.runSet('web', place.container(idle), { replicas: 1, minReadySeconds: 3 });
    await settled(place, 'web', 1);
    const early = await eventually('one ready', async () => {
      const now = await status(place, 'web');
      return now?.readyReplicas === 1 ? now : undefined;
    });
    assert.equal(early.availableReplicas ?? 0, 0);
    await eventually('one available', async () => (await status(place, 'web'))?.availableReplicas === 1);
  });

  it('with OnDelete changes a pod only when somebody deletes it', async (t) => {
    const place = await openPlace(t);
    await place.runSet('web', place.container(idle), { updateStrategy: { type: 'OnDelete' } });
    const before = await settled(place, 'web', 2);
    await roll(place, 'web', '2');
    await eventually('the new revision', async () => {
      const now = await status(place, 'web');
      return now?.updateRevision !== revisionOf(before[0]);
    });
    await always('nobody is replaced', async () =>
      (await place.pods()).every((pod, n) => pod.metadata.uid === before[n]?.metadata.uid),
    );
    await place.kube.delete(pods, before[0]!);
    const after = await eventually('the pod is back', async () => {
      const found = await place.pods('app=web');
      return found.length === 2 && found[0]!.metadata.uid !== before[0]!.metadata.uid ? found : undefined;
    });
    assert.equal(revisionOf(after[0]), (await status(place, 'web'))?.updateRevision);
    assert.equal(revisionOf(after[1]), revisionOf(before[1]));
  });

  it('shares one revision among equal templates and forgets old ones', async (t) => {
    const place = await openPlace(t);
    await place.runSet('web', place.container(idle), { replicas: 0, revisionHistoryLimit: 1 });
    const revisions = async () => {
      const { items } = await place.kube.list(controllerRevisions, { namespace: place.namespace });
      return items.sort((a, b) => a.revision - b.revision);
    };
    const [first] = await eventually('a revision', async () => {
      const found = await revisions();
      return found.length === 1 ? found : undefined;
    });
    for (const version of ['2', '3', '4']) {
      const before = (await revisions()).at(-1)!.revision;
      await roll(place, 'web', version);
      await eventually(
        `revision ${version}`,
        async () => ((await revisions()).at(-1)?.revision ?? 0) > before,
      );
    }
    await eventually('the limit', async () => (await revisions()).length === 2);
    assert.ok((await revisions()).every(({ metadata }) => metadata.uid !== first!.metadata.uid));
    const [older] = await revisions();
    await roll(place, 'web', '3');
    await eventually(
      'the old revision is the newest again',
      async () => (await revisions()).at(-1)?.metadata.uid === older!.metadata.uid,
    );
  });

  it('adopts the pods an orphaning delete left behind', async (t) => {
    const place = await openPlace(t);
    await place.runSet('web', place.container(idle));
    const before = await settled(place, 'web', 2);
    await place.kubectl('delete', 'statefulset', 'web', '--cascade=orphan');
    const orphans = await place.pods('app=web');
    assert.ok(orphans.every(({ metadata }) => !metadata.ownerReferences?.length));
    const set = await place.runSet('web', place.container(idle));
    const after = await eventually('owned pods', async () => {
      const found = await place.pods('app=web');
      return found.every(({ metadata }) => metadata.ownerReferences?.[0]?.uid === set.metadata.uid)
        ? found
        : undefined;
    });
    assert.deepEqual(
      after.map(({ metadata }) => metadata.uid),
      before.map(({ metadata }) => metadata.uid),
    );
    await eventually('an owned history', async () => {
      const { items } = await place.kube.list(controllerRevisions, { namespace: place.namespace });
      const owners = items.map(({ metadata }) => metadata.ownerReferences?.[0]?.uid);
      return owners.length === 1 && owners[0] === set.metadata.uid;
    });
  });

  it('says how a rollout goes to kubectl', async (t) => {
    const place = await openPlace(t);
    await place.runSet('web', place.container(idle));
    await place.kubectl('rollout', 'status', 'statefulset/web', '--timeout=180s');
    await place.kubectl('rollout', 'restart', 'statefulset/web');
    assert.match(await place.kubectl('rollout', 'status', 'statefulset/web', '--timeout=180s'), /complete/);
    assert.match(await place.kubectl('rollout', 'history', 'statefulset/web'), /2/);
  });
});

const created = ({ metadata }: Pod): string => metadata.creationTimestamp ?? '';

/** Pods that are ready only when they are annotated so: the probe reads the annotations from a file. */
function gatedTemplate(place: Place) {
  const script = `process.exit(require('fs').readFileSync('/etc/pod/annotations', 'utf8').includes('open') ? 0 : 1)`;
  const container = place.container(idle, {
    readinessProbe: { exec: { command: ['node', '-e', script] }, periodSeconds: 1, timeoutSeconds: 5 },
    volumeMounts: [{ name: 'pod', mountPath: '/etc/pod' }],
  });
  const items = [{ path: 'annotations', fieldRef: { fieldPath: 'metadata.annotations' } }];
  return {
    metadata: { labels: { app: 'web' } },
    spec: {
      terminationGracePeriodSeconds: 2,
      containers: [container],
      volumes: [{ name: 'pod', downwardAPI: { items } }],
    },
  };
}

const open = (place: Place, name: string) =>
  place.kube.patch(
    pods,
    { namespace: place.namespace, name },
    { metadata: { annotations: { gate: 'open' } } },
  );
