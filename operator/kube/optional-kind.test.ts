import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';
import { pino } from 'pino';
import { AppError } from '../../common/errors.ts';
import { FakeClock, FakeRandom, settle } from '../../test/fakes/clock.ts';
import { FakeKube } from '../../test/fakes/kube.ts';
import { OptionalKind } from './optional-kind.ts';
import { podMonitors, type PodMonitor } from './resources.ts';

const monitor = (name: string): PodMonitor => ({
  apiVersion: podMonitors.apiVersion,
  kind: podMonitors.kind,
  metadata: { name, namespace: 'default' },
  spec: { jobLabel: 'job', selector: { matchLabels: {} }, podMetricsEndpoints: [] },
});

let kube: FakeKube;
let clock: FakeClock;
let turns: number;
let kind: OptionalKind<PodMonitor> | undefined;
beforeEach(() => {
  kube = new FakeKube();
  clock = new FakeClock();
  turns = 0;
});
afterEach(() => {
  kind?.stop();
});

const start = (): OptionalKind<PodMonitor> =>
  (kind = new OptionalKind<PodMonitor>({
    ...{ kube, clock, resource: podMonitors, query: { namespace: undefined }, random: new FakeRandom() },
    log: pino({ level: 'silent' }),
    onPresence: () => void (turns += 1),
  }));

it('is a copy like any other where the kind is served', async () => {
  kube.put(monitor('a'));
  const copy = start();
  assert.equal(await copy.synced, true);
  assert.equal(copy.presence, 'served');
  assert.deepEqual([copy.size, copy.list().length], [1, 1]);
  assert.ok(copy.get({ namespace: 'default', name: 'a' }));
  assert.equal(turns, 0);
});

it('is known to be empty where it is not served, and never old', async () => {
  kube.unserve('PodMonitor');
  const copy = start();
  assert.equal(await copy.synced, true);
  await clock.advance(3_600_000);
  assert.deepEqual([copy.presence, copy.list(), copy.ageMs, copy.size], ['absent', [], 0, 0]);
});

it('is asked for again by whoever misses it, at most once a minute', async () => {
  kube.unserve('PodMonitor');
  const copy = start();
  await copy.synced;
  kube.serve('PodMonitor');
  kube.put(monitor('a'));
  copy.missed();
  await settle();
  assert.equal(copy.presence, 'absent');
  await clock.advance(60_000);
  copy.missed();
  await settle();
  assert.equal(copy.presence, 'served');
  assert.deepEqual([copy.size, turns], [1, 1]);
});

it('is absent when a write did not find it, though its watch has not ended', async () => {
  kube.put(monitor('a'));
  const copy = start();
  await copy.synced;
  copy.missed();
  assert.deepEqual([copy.presence, copy.list(), turns], ['absent', [], 1]);
});

it('is told apart from one that we may not see, and from a server that cannot answer', async () => {
  kube.before = () => {
    throw new AppError('forbidden', 'no');
  };
  assert.equal(await start().synced, true);
  assert.equal(kind!.presence, 'forbidden');
  kind!.stop();
  kube.before = () => {
    throw new AppError('unavailable', 'not now');
  };
  const copy = start();
  await settle();
  assert.equal(copy.presence, 'unknown');
  kube.before = undefined;
  await clock.advance(30_000);
  assert.equal(copy.presence, 'served');
});
