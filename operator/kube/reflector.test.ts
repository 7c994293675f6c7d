import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { AppError } from '../../common/errors.ts';
import { FakeClock, FakeRandom, settle } from '../../test/fakes/clock.ts';
import { FakeKube } from '../../test/fakes/kube.ts';
import { fakeLog, type LogLine } from '../../test/fakes/log.ts';
import type { WatchEvent } from './kube.ts';
import { ownerUids } from './object-cache.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import { configMaps, pods, type ConfigMap } from './resources.ts';

const configMap = (name: string, data: Record<string, string> = {}, labels = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'ns', labels },
  data,
});

/** What the handler was told: `+a` new, `~a` changed, `-a` gone. */
function notes() {
  const told: string[] = [];
  const onChange = (key: string, before: unknown, after: unknown) => {
    told.push(`${after === undefined ? '-' : before === undefined ? '+' : '~'}${key.replace('ns/', '')}`);
  };
  return { told, onChange };
}

describe('a reflector', () => {
  let kube: FakeKube;
  let clock: FakeClock;
  let lines: LogLine[];
  let reflector: Reflector<ConfigMap> | undefined;

  const start = (options: Partial<ReflectorOptions<ConfigMap>> = {}) => {
    const fake = fakeLog();
    lines = fake.lines;
    reflector = new Reflector({
      kube,
      resource: configMaps,
      query: { namespace: undefined },
      clock,
      random: new FakeRandom(),
      log: fake.log,
      ...options,
    });
    return reflector;
  };
  const verbs = () => kube.requests.map(({ verb }) => verb);

  beforeEach(() => {
    kube = new FakeKube();
    clock = new FakeClock();
  });
  afterEach(() => {
    reflector?.stop();
  });

  it('is not taken back in time by a list that is older than what it knows, and believes one that stays so', async () => {
    kube.put(configMap('a', { say: 'old' }));
    const old = await kube.list(configMaps, { namespace: undefined });
    let isLate = false;
    const late: ReflectorOptions<ConfigMap>['kube'] = {
      list: (resource, query) => (isLate ? Promise.resolve(old as never) : kube.list(resource, query)),
      watch: (...from) => kube.watch(...from),
    };
    const { told, onChange } = notes();
    const copy = start({ kube: late, onChange, relistMs: 10_000 });
    await settle();
    kube.put(configMap('a', { say: 'new' }));
    kube.put(configMap('b'));
    await settle();
    isLate = true;
    await clock.advance(50_000);
    assert.deepEqual(told, ['+a', '~a', '+b']);
    assert.equal(copy.get({ namespace: 'ns', name: 'a' })?.data?.['say'], 'new');
    // Restored from a backup, a server goes on from there.
    await clock.advance(60_000);
    assert.deepEqual(told.slice(3, 5), ['-b', '~a']);
  });

  it('lists what is there and then follows every change', async () => {
    const { told, onChange } = notes();
    kube.put(configMap('a'));
    const copy = start({ onChange });
    assert.equal(await copy.synced, true);
    await settle();
    kube.put(configMap('b'));
    kube.put(configMap('a', { x: '1' }));
    kube.remove(configMap('b'));
    await settle();
    assert.deepEqual(told, ['+a', '+b', '~a', '-b']);
    assert.deepEqual(copy.get({ namespace: 'ns', name: 'a' })?.data, { x: '1' });
    assert.equal(copy.list().length, 1);
  });

  it('tells of what was deleted and changed while nobody watched, after the watch expired', async () => {
    const { told, onChange } = notes();
    for (const name of ['stays', 'goes', 'changes']) kube.put(configMap(name));
    const copy = start({ onChange });
    await copy.synced;
    await settle();
    kube.before = ({ verb }) => {
      if (verb === 'watch') throw new AppError('unavailable', 'down');
    };
    kube.breakWatches();
    await settle();
    kube.remove(configMap('goes'));
    kube.put(configMap('changes', { x: '1' }));
    kube.compact();
    kube.before = undefined;
    told.length = 0;
    await clock.advance(60_000);
    assert.deepEqual(told, ['-goes', '~changes']);
  });

  it('resumes a broken watch from where it was, without another list', async () => {
    const { told, onChange } = notes();
    const copy = start({ onChange });
    await copy.synced;
    await settle();
    kube.put(configMap('before'));
    await settle();
    kube.breakWatches();
    await settle();
    kube.put(configMap('meanwhile'));
    await clock.advance(2_000);
    assert.deepEqual(told, ['+before', '+meanwhile']);
    assert.deepEqual(verbs(), ['list', 'watch', 'watch']);
    const { resourceVersion } = kube.peek(configMaps, { namespace: 'ns', name: 'before' })!.metadata;
    assert.deepEqual(kube.requests.at(-1)?.body, { resourceVersion });
  });

  it('lists again when a watch is refused for a reason that waiting does not mend', async () => {
    const copy = start();
    await copy.synced;
    await settle();
    kube.breakWatches(new AppError('invalid', 'resourceVersion is nonsense'));
    await clock.advance(2_000);
    assert.deepEqual(verbs(), ['list', 'watch', 'list', 'watch']);
  });

  it('waits longer after every failure, and starts over after a success', async () => {
    let down = true;
    kube.before = () => {
      if (down) throw new AppError('unavailable', 'down');
    };
    const copy = start();
    await clock.advance(10 * 60_000);
    const whileDown = kube.requests.length;
    assert.ok(whileDown > 15 && whileDown < 50, `${whileDown} requests in ten minutes`);
    down = false;
    await clock.advance(30_000);
    assert.equal(copy.isSynced, true);
    kube.forget();
    kube.bookmark();
    await settle();
    kube.breakWatches();
    await clock.advance(1_000);
    assert.deepEqual(verbs(), ['watch'], 'the first failure after a success waits less than a second');
  });

  it('does not spin on a server that ends every watch at once', async () => {
    const copy = start({
      kube: {
        list: (resource, query) => kube.list(resource, query),
        // eslint-disable-next-line @typescript-eslint/require-await -- the port's watch is an async generator, and this one never waits
        async *watch() {
          kube.requests.push({ verb: 'watch', kind: 'ConfigMap', namespace: '', name: '', write: 0 });
          yield { type: 'BOOKMARK', resourceVersion: '7' } as const;
        },
      },
    });
    await copy.synced;
    await clock.advance(60_000);
    const watches = verbs().filter((verb) => verb === 'watch').length;
    assert.ok(watches > 30 && watches < 300, `${watches} watches in a minute`);
  });

  it('does not spin on a server that expires every watch at once', async () => {
    kube.after = ({ verb }) => {
      if (verb === 'list') kube.put(configMap('a', { at: String(clock.monotonic()) }));
      if (verb === 'list') kube.compact();
    };
    const copy = start();
    await copy.synced;
    await clock.advance(10 * 60_000);
    assert.ok(kube.requests.length < 100, `${kube.requests.length} requests in ten minutes`);
  });

  it('keeps the place that a bookmark tells, so that a compaction after it costs no list', async () => {
    const copy = start();
    await copy.synced;
    await settle();
    kube.put({ ...configMap('x'), kind: 'Pod' });
    kube.compact();
    kube.bookmark();
    await settle();
    kube.breakWatches();
    await clock.advance(2_000);
    assert.deepEqual(verbs(), ['list', 'watch', 'watch']);
  });

  it('lists again after ten minutes of calm and tells nobody, because nothing changed', async () => {
    const { told, onChange } = notes();
    kube.put(configMap('a'));
    const copy = start({ onChange });
    await copy.synced;
    await clock.advance(11 * 60_000);
    assert.equal(verbs().filter((verb) => verb === 'list').length, 2);
    assert.deepEqual(told, ['+a']);
  });

  it('survives a handler that throws, logs it, and goes on', async () => {
    const seen: string[] = [];
    const copy = start({
      onChange: (key) => {
        seen.push(key);
        throw new Error('handler is broken');
      },
    });
    await copy.synced;
    await settle();
    kube.put(configMap('a'));
    kube.put(configMap('b'));
    await settle();
    assert.deepEqual(seen, ['ns/a', 'ns/b']);
    assert.equal(copy.size, 2);
    assert.equal(lines.filter(({ msg }) => msg === 'change handler failed').length, 2);
  });

  it('finds objects by index, also after their indexed value changed or they went', async () => {
    const owned = (name: string, ...uids: string[]): ConfigMap => {
      const object = configMap(name);
      const ownerReferences = uids.map((uid) => ({ apiVersion: 'v1', kind: 'X', name: 'x', uid }));
      return { ...object, metadata: { ...object.metadata, ownerReferences } };
    };
    const copy = start({ indexes: { owner: ownerUids } });
    const names = (uid: string) => copy.byIndex('owner', uid).map(({ metadata }) => metadata.name);
    await copy.synced;
    await settle();
    kube.put(owned('a', 'u1'));
    kube.put(owned('b', 'u1', 'u2'));
    await settle();
    assert.deepEqual([names('u1'), names('u2'), names('u3')], [['a', 'b'], ['b'], []]);
    kube.put(owned('a', 'u2'));
    kube.remove(owned('b'));
    await settle();
    assert.deepEqual([names('u1'), names('u2')], [[], ['a']]);
    assert.throws(() => copy.byIndex('ownr', 'u1'), /no index 'ownr'/);
  });

  it('drops managedFields and what the transform drops, and leaves the source alone', async () => {
    const object = configMap('a', { big: 'x', small: 'y' });
    kube.put({ ...object, metadata: { ...object.metadata, managedFields: [{}] } as ConfigMap['metadata'] });
    const copy = start({ transform: (one) => ({ ...one, data: { small: one.data?.['small'] ?? '' } }) });
    await copy.synced;
    const [kept] = copy.list();
    assert.deepEqual(kept?.data, { small: 'y' });
    assert.equal('managedFields' in kept.metadata, false);
  });

  it('holds only what its selectors select, and lets go of what leaves the selection', async () => {
    const { told, onChange } = notes();
    const copy = start({ onChange, query: { namespace: 'ns', labelSelector: 'mine=yes' } });
    kube.put(configMap('other'));
    kube.put(configMap('mine', {}, { mine: 'yes' }));
    await copy.synced;
    await settle();
    kube.put(configMap('mine', {}, { mine: 'no' }));
    await settle();
    assert.deepEqual(told, ['+mine', '-mine']);
    assert.equal(copy.size, 0);
  });

  it('tells nobody anything after stop, though a list was still on its way', async () => {
    const { told, onChange } = notes();
    kube.put(configMap('a'));
    let answer = () => {};
    kube.after = () => new Promise<void>((resolve) => (answer = resolve));
    const copy = start({ onChange });
    await settle();
    copy.stop();
    answer();
    await clock.advance(60_000);
    assert.equal(await copy.synced, false);
    assert.deepEqual(told, []);
    assert.deepEqual(verbs(), ['list'], 'and opens no watch');
    assert.equal(clock.pending, 0);
  });

  it('tells nobody of an event that was already on its way at stop', async () => {
    const { told, onChange } = notes();
    let deliver = () => {};
    const copy = start({
      onChange,
      kube: {
        list: (resource, query) => kube.list(resource, query),
        async *watch() {
          await new Promise<void>((resolve) => (deliver = resolve));
          yield { type: 'ADDED', object: configMap('late') } as WatchEvent<never>;
        },
      },
    });
    await settle();
    copy.stop();
    deliver();
    await settle();
    assert.deepEqual(told, []);
    assert.equal(copy.size, 0);
  });

  it('opens no watch when stopped during a pause, and leaves no timer', async () => {
    kube.before = () => {
      throw new AppError('unavailable', 'down');
    };
    const copy = start();
    await settle();
    copy.stop();
    kube.before = undefined;
    await clock.advance(120_000);
    assert.deepEqual(verbs(), ['list']);
    assert.equal(clock.pending, 0);
  });

  it('ends its open watch at stop', async () => {
    const copy = start();
    await copy.synced;
    await settle();
    assert.equal(kube.openWatches, 1);
    copy.stop();
    await settle();
    assert.equal(kube.openWatches, 0);
    assert.equal(clock.pending, 0);
  });

  it('knows how old its copy is', async () => {
    const copy = start();
    await copy.synced;
    await clock.advance(70_000);
    assert.equal(copy.ageMs, 70_000);
    kube.bookmark();
    await settle();
    assert.equal(copy.ageMs, 0);
  });

  it('ends with the truth, whatever breaks in between', async () => {
    for (let seed = 1; seed <= 40; seed++) await disturbedRun(seed);
  });

  async function disturbedRun(seed: number): Promise<void> {
    kube = new FakeKube();
    clock = new FakeClock();
    const random = new FakeRandom(seed);
    const mirror = new Map<string, string | undefined>();
    kube.before = kube.after = () => {
      if (random.next() < 0.1) throw new AppError('unavailable', 'chance');
    };
    const copy = start({
      random,
      onChange: (key, _, after) => {
        if (after) mirror.set(key, after.metadata.resourceVersion);
        else mirror.delete(key);
      },
    });
    for (let step = 0; step < 80; step++) {
      const name = `c${Math.floor(random.next() * 6)}`;
      const draw = random.next();
      if (draw < 0.5) kube.put(configMap(name, { step: String(step) }));
      else if (draw < 0.75) kube.remove(configMap(name));
      else if (draw < 0.85) kube.breakWatches();
      else if (draw < 0.9) kube.compact();
      else if (draw < 0.95) kube.bookmark();
      else await clock.advance(random.next() * 20_000);
      if (random.next() < 0.5) await settle();
    }
    kube.before = kube.after = undefined;
    await clock.advance(120_000);
    const truth = kube
      .all(configMaps)
      .map((one) => [`ns/${one.metadata.name}`, one.metadata.resourceVersion]);
    const held = copy.list().map((one) => [`ns/${one.metadata.name}`, one.metadata.resourceVersion]);
    assert.deepEqual(
      new Map(held as [string, string][]),
      new Map(truth as [string, string][]),
      `seed ${seed}`,
    );
    assert.deepEqual(mirror, new Map(truth as [string, string][]), `told, seed ${seed}`);
    copy.stop();
  }

  it('does not mix kinds', async () => {
    kube.put({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'ns' } });
    const copy = start();
    await copy.synced;
    assert.equal(copy.size, 0);
    assert.equal(kube.all(pods).length, 1);
  });
});
