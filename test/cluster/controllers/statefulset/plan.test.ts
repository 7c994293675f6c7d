import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ControllerRevision, Pod, StatefulSet } from '../../../../operator/kube/resources.ts';
import { buildPod, ordinalOf } from './identity.ts';
import { plan, type Action } from './plan.ts';
import { podRevision, resolveRevisions, surplusRevisions, type Revisions } from './revisions.ts';
import { setStatus } from './status.ts';

const now = Date.parse('2026-01-01T00:00:00Z');

type Shape = Partial<NonNullable<StatefulSet['spec']>>;

function aSet(shape: Shape = {}): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'web', namespace: 'ns', uid: 'set-uid', generation: 1 },
    spec: {
      replicas: 3,
      serviceName: 'web-headless',
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'a:1' }] } },
      ...shape,
    },
  };
}

const withImage = (set: StatefulSet, image: string): StatefulSet => ({
  ...set,
  spec: { ...set.spec!, template: { ...set.spec!.template, spec: { containers: [{ name: 'c', image }] } } },
});

/** Revisions `old` (current) and `new` (update) of a set whose image changed. */
function changed(set: StatefulSet): { set: StatefulSet; revisions: Revisions } {
  const old = resolveRevisions(set, []).update;
  const next = { ...withImage(set, 'a:2'), status: { replicas: 0, currentRevision: old.metadata.name } };
  return { set: next, revisions: resolveRevisions(next, [old]) };
}

type Health = 'ready' | 'unready' | 'terminating' | 'failed' | 'succeeded' | 'new';

function aPod(
  set: StatefulSet,
  revision: ControllerRevision,
  ordinal: number,
  health: Health = 'ready',
): Pod {
  const pod = buildPod(set, revision, ordinal);
  const phase = health === 'failed' ? 'Failed' : health === 'succeeded' ? 'Succeeded' : 'Running';
  const ready = health === 'ready' || health === 'terminating' ? 'True' : 'False';
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(health === 'terminating' ? { deletionTimestamp: new Date(now).toISOString() } : {}),
    },
    status: {
      phase: health === 'new' ? 'Pending' : phase,
      conditions: [{ type: 'Ready', status: ready, lastTransitionTime: new Date(now - 5000).toISOString() }],
    },
  };
}

const told = (actions: readonly Action[]) =>
  actions.map((action) =>
    action.kind === 'create'
      ? `create ${action.ordinal}`
      : `delete ${action.pod.metadata.name} (${action.why})`,
  );

const steady = (set: StatefulSet): Revisions => {
  const { update } = resolveRevisions(set, []);
  return { current: update, update, write: 'none' };
};

function next(set: StatefulSet, revisions: Revisions, healths: Record<number, Health>): string[] {
  const pods = Object.entries(healths).map(([o, health]) => aPod(set, revisions.update, Number(o), health));
  return told(plan(set, revisions, pods, now).actions);
}

describe('a Parallel StatefulSet', () => {
  const set = aSet();
  const revisions = steady(set);

  it('creates every missing pod at once', () => {
    assert.deepEqual(next(set, revisions, {}), ['create 0', 'create 1', 'create 2']);
  });

  it('leaves the place of a terminating pod empty until it is really gone', () => {
    assert.deepEqual(next(set, revisions, { 0: 'ready', 1: 'terminating', 2: 'ready' }), []);
  });

  it('removes failed and succeeded pods, and makes their successors only afterwards', () => {
    assert.deepEqual(next(set, revisions, { 0: 'failed', 1: 'succeeded', 2: 'ready' }), [
      'delete web-0 (finished)',
      'delete web-1 (finished)',
    ]);
  });

  it('deletes a finished pod once: not while it is on its way out', () => {
    const pod = aPod(set, revisions.update, 0, 'failed');
    pod.metadata.deletionTimestamp = new Date(now).toISOString();
    assert.deepEqual(
      plan({ ...set, spec: { ...set.spec!, replicas: 1 } }, revisions, [pod], now).actions,
      [],
    );
  });

  it('scales down from the top without waiting for broken pods', () => {
    assert.deepEqual(
      next(aSet({ replicas: 1 }), revisions, { 0: 'unready', 1: 'ready', 2: 'terminating', 3: 'new' }),
      ['delete web-3 (scale-down)', 'delete web-1 (scale-down)'],
    );
  });

  it('does nothing more once it is itself being deleted', () => {
    const leaving = { ...set, metadata: { ...set.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    assert.deepEqual(plan(leaving, revisions, [], now).actions, []);
  });

  it('counts ordinals from spec.ordinals.start, and a pod below it is surplus', () => {
    const shifted = aSet({ replicas: 2, ordinals: { start: 5 } });
    assert.deepEqual(next(shifted, revisions, { 0: 'ready' }), [
      'create 5',
      'create 6',
      'delete web-0 (scale-down)',
    ]);
  });
});

describe('an OrderedReady StatefulSet', () => {
  const set = aSet({ podManagementPolicy: 'OrderedReady' });
  const revisions = steady(set);

  it('creates one pod and waits until it is ready', () => {
    assert.deepEqual(next(set, revisions, {}), ['create 0']);
    assert.deepEqual(next(set, revisions, { 0: 'unready' }), []);
    assert.deepEqual(next(set, revisions, { 0: 'ready' }), ['create 1']);
  });

  it('removes one pod at a time from the top, and not while a lower one is broken', () => {
    const one = { ...set, spec: { ...set.spec!, replicas: 1 } };
    assert.deepEqual(next(one, revisions, { 0: 'ready', 1: 'ready', 2: 'ready' }), [
      'delete web-2 (scale-down)',
    ]);
    assert.deepEqual(next(one, revisions, { 0: 'ready', 1: 'ready', 2: 'terminating' }), []);
    assert.deepEqual(next(one, revisions, { 0: 'unready', 1: 'ready', 2: 'ready' }), []);
  });

  it('may remove the broken pod at the top when it is the first that is broken', () => {
    const one = { ...set, spec: { ...set.spec!, replicas: 1 } };
    assert.deepEqual(next(one, revisions, { 0: 'ready', 1: 'ready', 2: 'unready' }), [
      'delete web-2 (scale-down)',
    ]);
  });

  it('never gets past a broken pod of a broken template: the known need for a forced rollback', () => {
    const { set: rolled, revisions: both } = changed(set);
    const pods = [0, 1].map((o) => aPod(rolled, both.current, o));
    pods.push(
      aPod(
        rolled,
        { ...both.update, metadata: { ...both.update.metadata, name: 'web-broken' } },
        2,
        'unready',
      ),
    );
    assert.deepEqual(plan(rolled, both, pods, now).actions, []);
  });
});

describe('a rolling update', () => {
  const { set, revisions } = changed(aSet());
  const old = (o: number, health?: Health) => aPod(set, revisions.current, o, health);
  const fresh = (o: number, health?: Health) => aPod(set, revisions.update, o, health);

  it('replaces the highest outdated pod first', () => {
    assert.deepEqual(told(plan(set, revisions, [old(0), old(1), old(2)], now).actions), [
      'delete web-2 (update)',
    ]);
  });

  it('waits while the pod it replaced is terminating, missing or not yet ready', () => {
    assert.deepEqual(plan(set, revisions, [old(0), old(1), old(2, 'terminating')], now).actions, []);
    assert.deepEqual(told(plan(set, revisions, [old(0), old(1)], now).actions), ['create 2']);
    assert.deepEqual(plan(set, revisions, [old(0), old(1), fresh(2, 'unready')], now).actions, []);
    assert.deepEqual(told(plan(set, revisions, [old(0), old(1), fresh(2)], now).actions), [
      'delete web-1 (update)',
    ]);
  });

  it('replaces a broken outdated pod from the top, and does not look below it for a better one', () => {
    assert.deepEqual(told(plan(set, revisions, [old(0), old(1), old(2, 'unready')], now).actions), [
      'delete web-2 (update)',
    ]);
  });

  it('is not held up by a broken pod below the one in hand', () => {
    assert.deepEqual(told(plan(set, revisions, [old(0, 'unready'), old(1), fresh(2)], now).actions), [
      'delete web-1 (update)',
    ]);
  });

  it('stops at the partition, below which lost pods come back as they were', () => {
    const partial = {
      ...set,
      spec: { ...set.spec!, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } },
    };
    assert.deepEqual(plan(partial, revisions, [old(0), old(1), fresh(2)], now).actions, []);
    const [action] = plan(partial, revisions, [old(0), fresh(2)], now).actions;
    assert.ok(action?.kind === 'create');
    assert.equal(action.revision.metadata.name, revisions.current.metadata.name);
  });

  it('waits minReadySeconds after a pod became ready, and says for how long', () => {
    const slow = { ...set, spec: { ...set.spec!, minReadySeconds: 8 } };
    const waiting = plan(slow, revisions, [old(0), old(1), fresh(2)], now);
    assert.deepEqual(waiting.actions, []);
    assert.equal(waiting.lookAgainInMs, 3000);
    assert.deepEqual(told(plan(slow, revisions, [old(0), old(1), fresh(2)], now + 3000).actions), [
      'delete web-1 (update)',
    ]);
  });

  it('never happens by itself with OnDelete, but a pod that comes back is new', () => {
    const manual = { ...set, spec: { ...set.spec!, updateStrategy: { type: 'OnDelete' } } };
    assert.deepEqual(plan(manual, revisions, [old(0), old(1), old(2)], now).actions, []);
    const [action] = plan(manual, revisions, [old(1), old(2)], now).actions;
    assert.ok(action?.kind === 'create');
    assert.equal(action.revision.metadata.name, revisions.update.metadata.name);
  });

  it('ends for every start, whatever fails on the way, with at most one pod missing at a time', () => {
    const start = fc.array(fc.constantFrom<Health>('ready', 'unready'), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(start, (healths) => {
        const wide = { ...set, spec: { ...set.spec!, replicas: healths.length } };
        let pods = healths.map((health, o) => old(o, health));
        for (let rounds = 0; rounds < 4 * healths.length; rounds++) {
          const { actions } = plan(wide, revisions, pods, now);
          if (actions.length === 0) break;
          assert.ok(actions.length === 1, 'one pod at a time');
          pods = pods.filter((pod) => !actions.some((a) => a.kind === 'delete' && a.pod === pod));
          for (const a of actions) if (a.kind === 'create') pods.push(aPod(wide, a.revision, a.ordinal));
        }
        assert.equal(pods.length, healths.length);
        assert.ok(pods.every((pod) => podRevision(pod) === revisions.update.metadata.name));
      }),
    );
  });
});

describe('the revisions of a StatefulSet', () => {
  it('are shared by equal templates: going back raises the number of the old one', () => {
    const first = resolveRevisions(aSet(), []).update;
    const { revisions } = changed(aSet());
    const back = resolveRevisions(aSet(), [
      { ...first, revision: 1 },
      { ...revisions.update, revision: 2 },
    ]);
    assert.equal(back.write, 'renumber');
    assert.equal(back.update.metadata.name, first.metadata.name);
    assert.equal(back.update.revision, 3);
  });

  it('do not change when only the number of replicas does', () => {
    const first = resolveRevisions(aSet(), []).update;
    assert.equal(resolveRevisions(aSet({ replicas: 9 }), [first]).write, 'none');
  });

  it('do not depend on the order in which the template was written', () => {
    const set = aSet();
    const { metadata, spec } = set.spec!.template;
    const turned = { ...set, spec: { ...set.spec!, template: { spec: spec!, metadata: metadata! } } };
    assert.equal(resolveRevisions(turned, [resolveRevisions(set, []).update]).write, 'none');
  });

  it('are forgotten beyond the limit, oldest first, but never while a pod runs one', () => {
    const set = aSet({ revisionHistoryLimit: 1 });
    const history = [1, 2, 3, 4, 5].map((n) => {
      const { update } = resolveRevisions(withImage(set, `a:${n}`), []);
      return { ...update, revision: n };
    });
    const revisions: Revisions = { current: history[3]!, update: history[4]!, write: 'none' };
    const runsFirst = [aPod(set, history[0]!, 0)];
    assert.deepEqual(
      surplusRevisions(set, history, revisions, runsFirst).map((r) => r.revision),
      [2],
    );
  });
});

describe('the status of a StatefulSet', () => {
  const { set, revisions } = changed(aSet());
  const old = (o: number, health?: Health) => aPod(set, revisions.current, o, health);
  const fresh = (o: number, health?: Health) => aPod(set, revisions.update, o, health);

  it('counts terminating pods as replicas but not as members of a revision', () => {
    const status = setStatus(set, revisions, [old(0), old(1, 'terminating'), fresh(2, 'unready')], now);
    assert.deepEqual(
      [status.replicas, status.readyReplicas, status.currentReplicas, status.updatedReplicas],
      [3, 2, 1, 1],
    );
  });

  it('calls the update revision current only when every wanted replica is updated and ready', () => {
    const almost = setStatus(set, revisions, [fresh(0), fresh(1), fresh(2, 'unready')], now);
    assert.equal(almost.currentRevision, revisions.current.metadata.name);
    const done = setStatus(set, revisions, [fresh(0), fresh(1), fresh(2)], now);
    assert.equal(done.currentRevision, revisions.update.metadata.name);
    assert.equal(done.currentReplicas, 3);
  });
});

describe('a pod of a StatefulSet', () => {
  it('carries its name, index, revision, owner and host name', () => {
    const set = aSet();
    const { update } = resolveRevisions(set, []);
    const pod = buildPod(set, update, 2);
    assert.equal(pod.metadata.name, 'web-2');
    assert.deepEqual(pod.metadata.labels, {
      app: 'web',
      'statefulset.kubernetes.io/pod-name': 'web-2',
      'apps.kubernetes.io/pod-index': '2',
      'controller-revision-hash': update.metadata.name,
    });
    assert.deepEqual([pod.spec?.hostname, pod.spec?.subdomain], ['web-2', 'web-headless']);
    assert.equal(pod.metadata.ownerReferences?.[0]?.uid, 'set-uid');
  });

  it('is known by its exact name only', () => {
    const set = aSet();
    assert.equal(ordinalOf(set, 'web-12'), 12);
    for (const name of ['web-012', 'web-1-2', 'web-', 'webb-1', 'web-x'])
      assert.equal(ordinalOf(set, name), undefined);
  });
});
