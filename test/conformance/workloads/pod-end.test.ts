/** How a pod ends: signals, hooks, grace periods, and when its name is free. */
import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { pods } from '../../../operator/kube/resources.ts';
import { target } from '../target.ts';
import {
  always,
  eventually,
  idle,
  isReady,
  openPlace,
  readyAfter,
  type Container,
  type Place,
} from './place.ts';
import { ended, eventsOf, waitFor } from './pod-status.ts';

const { lacks } = await target();

describe('the end of a pod', { concurrency: true, skip: lacks.pods }, () => {
  const gone = (place: Place, name: string) =>
    eventually(`${name} is gone`, async () => (await place.pod(name)) === undefined);

  async function secondsToEnd(place: Place, container: Container, grace: number): Promise<number> {
    await place.runPod('p', [container], { terminationGracePeriodSeconds: grace });
    const pod = await waitFor(place, 'p', 'is ready', isReady);
    const start = performance.now();
    await place.kube.delete(pods, pod);
    await gone(place, 'p');
    return (performance.now() - start) / 1000;
  }

  const deaf = (place: Place): Container => readyAfter(place, `process.on('SIGTERM', () => {})`);

  it('is a SIGTERM, and SIGKILL when the grace period is over', async (t) => {
    const place = await openPlace(t);
    const seconds = await secondsToEnd(place, deaf(place), 3);
    assert.ok(seconds >= 2.9, `${String(seconds)} s`);
  });

  it('comes as soon as the process has ended', async (t) => {
    const place = await openPlace(t);
    assert.ok((await secondsToEnd(place, place.container(idle), 30)) < 15);
  });

  it('lets a preStop hook run before SIGTERM, inside the grace period', async (t) => {
    const place = await openPlace(t);
    const lifecycle = { preStop: { exec: { command: ['node', '-e', 'setTimeout(() => {}, 2000)'] } } };
    const seconds = await secondsToEnd(place, place.container(idle, { lifecycle }), 30);
    assert.ok(seconds >= 2 && seconds < 20, `${seconds} s`);
  });

  it('can be made sooner while it is under way', async (t) => {
    const place = await openPlace(t);
    await place.runPod('p', [deaf(place)], { terminationGracePeriodSeconds: 60 });
    await waitFor(place, 'p', 'is ready', isReady);
    await place.kubectl('delete', 'pod', 'p', '--wait=false');
    const { metadata } = await waitFor(
      place,
      'p',
      'is leaving',
      (pod) => pod.metadata.deletionTimestamp !== undefined,
    );
    await place.kubectl('delete', 'pod', 'p', '--grace-period=1', '--wait=false');
    const start = performance.now();
    await gone(place, 'p');
    assert.ok(performance.now() - start < 20_000, metadata.name);
  });

  it('is at once in the API when it is forced, and the next pod of that name is another one', async (t) => {
    const place = await openPlace(t);
    const before = await place.runPod('p', [deaf(place)], {
      terminationGracePeriodSeconds: 60,
    });
    await waitFor(place, 'p', 'is ready', isReady);
    await place.kubectl('delete', 'pod', 'p', '--force', '--grace-period=0');
    await gone(place, 'p');
    await place.runPod('p', [place.container(idle)]);
    const after = await waitFor(place, 'p', 'is ready', isReady);
    assert.notEqual(after.metadata.uid, before.metadata.uid);
  });

  it('keeps the pod in the API until its containers have ended, and not longer when it never ran', async (t) => {
    const place = await openPlace(t);
    const unschedulable = { nodeSelector: { 'lingua.dev/none': 'x' } };
    const pod = await place.runPod('nowhere', [place.container(idle)], {
      ...unschedulable,
      terminationGracePeriodSeconds: 60,
    });
    await eventually('the event', async () => (await eventsOf(place, 'FailedScheduling')) !== '');
    await place.kube.delete(pods, pod);
    await gone(place, 'nowhere');
  });

  it('reports what the process did last', async (t) => {
    const place = await openPlace(t);
    const container = readyAfter(place, `process.on('SIGTERM', () => process.exit(9))`);
    const created = await place.runPod('p', [container], {
      terminationGracePeriodSeconds: 20,
    });
    const finalizers = ['lingua.dev/test'];
    const name = { namespace: place.namespace, name: 'p' };
    await place.kube.patch(pods, name, { metadata: { finalizers } });
    await waitFor(place, 'p', 'is ready', isReady);
    await place.kube.delete(pods, created);
    const pod = await waitFor(place, 'p', 'has ended', (one) => ended(one) !== undefined);
    assert.deepEqual([ended(pod)?.exitCode, pod.status?.phase], [9, 'Failed']);
    assert.equal(isReady(pod), false);
    await always('a finalizer holds it', async () => (await place.pod('p')) !== undefined, 500);
    await place.kube.patch(pods, name, { metadata: { finalizers: [] } });
    await gone(place, 'p');
  });
});
