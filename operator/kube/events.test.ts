import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { AppError } from '../../common/errors.ts';
import { FakeClock, FakeRandom, settle } from '../../test/fakes/clock.ts';
import { FakeKube } from '../../test/fakes/kube.ts';
import { fakeLog, type LogLine } from '../../test/fakes/log.ts';
import { createEventRecorder, type EventRecorder, type Occurrence } from './events.ts';
import type { KubeObject } from './kube.ts';
import { events } from './resources.ts';

const cluster: KubeObject = {
  apiVersion: 'lingua.dev/v1alpha1',
  kind: 'SchedulerCluster',
  metadata: { name: 'demo', namespace: 'ns', uid: 'u-1', resourceVersion: '7' },
};
const happened = (note: string, regarding = cluster): Occurrence => ({
  regarding,
  type: 'Warning',
  reason: 'ConfigRefused',
  action: 'Apply',
  note,
});

describe('the event recorder', () => {
  let kube: FakeKube;
  let clock: FakeClock;
  let dropped: string[];
  let lines: LogLine[];

  const recorder = (): EventRecorder => {
    const fake = fakeLog();
    lines = fake.lines;
    return createEventRecorder({
      kube,
      controller: 'lingua.dev/operator',
      instance: 'operator-0',
      clock,
      random: new FakeRandom(),
      log: fake.log,
      metrics: { written: () => undefined, dropped: (why) => void dropped.push(why) },
    });
  };
  const written = () => kube.all(events);

  beforeEach(() => {
    kube = new FakeKube();
    clock = new FakeClock();
    dropped = [];
  });

  it('writes an event that the API accepts', async () => {
    const events = recorder();
    events.record(happened('key `x` is unknown'));
    await events.flush();
    const [event] = written();
    assert.match(event!.metadata.name, /^demo\.[0-9a-f]{16}$/);
    assert.equal(event!.metadata.namespace, 'ns');
    assert.equal(event!.eventTime, '2026-01-01T00:00:00.000000Z');
    assert.equal(event!.reportingController, 'lingua.dev/operator');
    assert.equal(event!.reportingInstance, 'operator-0');
    assert.equal(event!.note, 'key `x` is unknown');
    assert.deepEqual(event!.regarding, {
      apiVersion: 'lingua.dev/v1alpha1',
      kind: 'SchedulerCluster',
      name: 'demo',
      namespace: 'ns',
      uid: 'u-1',
      resourceVersion: '7',
    });
    assert.equal(event!.series, undefined);
  });

  it('puts the event of an object without namespace where the API wants it', async () => {
    const events = recorder();
    const metadata = { name: 'demo', uid: 'u-1' };
    events.record(happened('x', { ...cluster, kind: 'Node', metadata }));
    await events.flush();
    assert.equal(written()[0]!.metadata.namespace, 'default');
    assert.equal(written()[0]!.regarding?.namespace, undefined);
  });

  it('counts what is told again on the one event, and keeps different things apart', async () => {
    const events = recorder();
    for (let i = 0; i < 3; i++) events.record(happened('same'));
    events.record(happened('other'));
    events.record({ ...happened('same'), reason: 'Elsewhere' });
    await events.flush();
    assert.deepEqual(written().map(({ note, reason, series }) => [note, reason, series?.count]), [
      ['same', 'ConfigRefused', 3],
      ['other', 'ConfigRefused', undefined],
      ['same', 'Elsewhere', undefined],
    ]); // prettier-ignore
  });

  it('is a new event when it happens again long after', async () => {
    const events = recorder();
    events.record(happened('same'));
    await clock.advance(59_000);
    events.record(happened('same'));
    await clock.advance(61_000);
    events.record(happened('same'));
    await events.flush();
    assert.deepEqual(written().map(({ series }) => series?.count), [2, undefined]); // prettier-ignore
  });

  it('gives names in the order of telling, also within a millisecond and after a restart', async () => {
    for (const notes of [['one', 'two', 'three'], ['four']]) {
      const events = recorder();
      for (const note of notes) events.record(happened(note));
      await events.flush();
      await clock.advance(1);
    }
    const inOrder = written().toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    assert.deepEqual(inOrder.map(({ note }) => note), ['one', 'two', 'three', 'four']); // prettier-ignore
  });

  it('begins anew when the API has removed the old event', async () => {
    const events = recorder();
    for (let i = 0; i < 3; i++) events.record(happened('same'));
    await events.flush();
    kube.remove(written()[0]!);
    events.record(happened('same'));
    await events.flush();
    assert.equal(written().length, 1);
    assert.equal(written()[0]!.series, undefined);
  });

  it('stops writing about an object that has too much to tell, and lets others speak', async () => {
    const events = recorder();
    const chat = (note: string): Occurrence => ({ ...happened(note), type: 'Normal' });
    for (let i = 0; i < 150; i++) {
      events.record(chat(`note ${i}`));
      await events.flush();
    }
    assert.equal(written().length, 100);
    assert.equal(dropped.length, 50);
    const other = { ...cluster, metadata: { ...cluster.metadata, name: 'other', uid: 'u-2' } };
    events.record(happened('I am calm', other));
    events.record(happened('a warning is heard all the same'));
    await events.flush();
    assert.equal(written().length, 102);
    await clock.advance(30_000);
    events.record(chat('later'));
    events.record(chat('too soon'));
    await events.flush();
    assert.equal(written().length, 103);
  });

  it('cuts a long note at 1024 bytes without cutting a character', async () => {
    const events = recorder();
    events.record(happened('译'.repeat(600)));
    await events.flush();
    const { note = '' } = written()[0]!;
    assert.ok(Buffer.byteLength(note) <= 1024);
    assert.match(note, /^译+…$/);
  });

  it('never throws, whatever the API or the caller does', async () => {
    const events = recorder();
    kube.before = () => {
      throw new AppError('forbidden', 'no events for you');
    };
    events.record(happened('x'));
    events.record({ ...happened('y'), regarding: undefined as unknown as KubeObject });
    await events.flush();
    kube.before = undefined;
    events.record(happened('z'));
    await events.flush();
    assert.deepEqual(written().map(({ note }) => note), ['z']); // prettier-ignore
    assert.deepEqual(dropped, ['failed']);
    assert.equal(lines.length, 2);
  });

  it('holds a bounded number of events for a server that does not answer', async () => {
    const events = recorder();
    let answer = () => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    kube.before = () => answered;
    const tell = (object: number, note: string) => {
      const metadata = { ...cluster.metadata, name: `c${object}`, uid: `u${object}` };
      events.record(happened(note, { ...cluster, metadata }));
    };
    const backlog = () => dropped.filter((why) => why === 'backlog').length;
    for (let i = 0; i < 15; i++) tell(0, `note ${i}`);
    assert.equal(backlog(), 5, 'of one object');
    for (let i = 1; i <= 1_000; i++) tell(i, 'x');
    assert.equal(backlog(), 15, 'of all');
    answer();
    kube.before = undefined;
    await clock.advance(60_000);
    await events.flush();
    assert.equal(written().length, 1_000);
  });

  it('lets objects speak while the events of others have no answer', async () => {
    const events = recorder();
    kube.before = ({ name }) => (name.startsWith('mute') ? new Promise<void>(() => undefined) : undefined);
    for (let i = 0; i < 11; i++) {
      const metadata = { ...cluster.metadata, name: `mute${i}`, uid: `mute${i}` };
      for (const note of ['x', 'y']) events.record(happened(note, { ...cluster, metadata }));
    }
    for (const note of ['one', 'two']) events.record(happened(note));
    await settle();
    await clock.advance(500);
    assert.deepEqual(written().map(({ note }) => note), ['one', 'two']); // prettier-ignore
  });
});
