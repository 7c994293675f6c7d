import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { FakeClock, FakeRandom, settle } from '../../test/fakes/clock.ts';
import { fakeLog } from '../../test/fakes/log.ts';
import { queueMetrics } from './metrics-queue.ts';
import { WorkQueue, type QueueOptions } from './queue.ts';

/** Work that ends when the test says so. */
function gate() {
  const open = new Map<string, () => void>();
  const runs: string[] = [];
  const work = async (key: string) => {
    runs.push(key);
    await new Promise<void>((resolve) => open.set(key, resolve));
    return {};
  };
  const finish = async (key: string) => {
    open.get(key)?.();
    open.delete(key);
    await settle();
  };
  return { runs, work, finish, inWork: () => [...open.keys()] };
}

describe('a work queue', () => {
  let clock: FakeClock;
  const make = (options: Partial<QueueOptions> & Pick<QueueOptions, 'work'>) => {
    const queue = new WorkQueue({
      clock,
      random: new FakeRandom(),
      log: fakeLog().log,
      workers: 2,
      ...options,
    });
    queue.start();
    return queue;
  };

  beforeEach(() => {
    clock = new FakeClock();
  });

  it('looks once at a key that was added many times before a worker was free', async () => {
    const { runs, work, finish } = gate();
    const queue = make({ work, workers: 1 });
    queue.add('busy');
    for (let i = 0; i < 10; i++) queue.add('a');
    await settle();
    await finish('busy');
    await finish('a');
    assert.deepEqual(runs, ['busy', 'a']);
  });

  it('never has one key in work twice, and looks again when it was added meanwhile', async () => {
    const { runs, work, finish, inWork } = gate();
    const queue = make({ work });
    queue.add('a');
    await settle();
    queue.add('a');
    queue.add('a');
    await settle();
    assert.deepEqual(runs, ['a']);
    await finish('a');
    assert.deepEqual(runs, ['a', 'a']);
    await finish('a');
    assert.deepEqual(inWork(), []);
    assert.equal(runs.length, 2);
  });

  it('works on as many keys at a time as it has workers, in the order they came', async () => {
    const { runs, work, finish } = gate();
    const queue = make({ work, workers: 2 });
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
    await settle();
    assert.deepEqual(runs, ['a', 'b']);
    await finish('b');
    assert.deepEqual(runs, ['a', 'b', 'c']);
  });

  it('lets others begin in the place of a look that takes long, in their order', async () => {
    const { runs, work, finish, inWork } = gate();
    const queue = make({ work, workers: 2, slowMs: 50 });
    for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key);
    await settle();
    assert.deepEqual(runs, ['a', 'b']);
    await clock.advance(49);
    assert.deepEqual(runs, ['a', 'b'], 'not before it is slow');
    await clock.advance(1);
    assert.deepEqual(runs, ['a', 'b', 'c', 'd']);
    await finish('a');
    assert.deepEqual(runs, ['a', 'b', 'c', 'd'], 'a slow one has no place to leave');
    await finish('c');
    assert.deepEqual(runs, ['a', 'b', 'c', 'd', 'e']);
    assert.deepEqual(inWork(), ['b', 'd', 'e']);
  });

  it('works on a slow key only once at a time, and waits for it at stop', async () => {
    const { runs, work, finish } = gate();
    const queue = make({ work, workers: 1, slowMs: 50 });
    queue.add('slow');
    await clock.advance(60_000);
    queue.add('slow');
    await clock.advance(60_000);
    assert.deepEqual(runs, ['slow']);
    await finish('slow');
    assert.deepEqual(runs, ['slow', 'slow']);
    let isStopped = false;
    await clock.advance(60_000);
    const stopping = queue.stop().then(() => (isStopped = true));
    await settle();
    assert.equal(isStopped, false);
    await finish('slow');
    await stopping;
    assert.equal(clock.pending, 0);
  });

  it('does nothing before it is started, and forgets nothing', async () => {
    const { runs, work } = gate();
    const queue = new WorkQueue({
      clock,
      random: new FakeRandom(),
      log: fakeLog().log,
      workers: 1,
      work,
    });
    queue.add('a');
    await settle();
    assert.deepEqual(runs, []);
    queue.start();
    await settle();
    assert.deepEqual(runs, ['a']);
  });

  it('keeps the earliest of several later times', async () => {
    const at: number[] = [];
    const queue = make({
      work: () => {
        at.push(clock.monotonic());
        return Promise.resolve({});
      },
    });
    queue.addAfter('a', 5_000);
    queue.addAfter('a', 1_000);
    queue.addAfter('a', 9_000);
    await clock.advance(20_000);
    assert.deepEqual(at, [1_000]);
    assert.equal(clock.pending, 0);
  });

  it('takes a look that comes first for the later one as well', async () => {
    const at: number[] = [];
    const queue = make({
      work: () => {
        at.push(clock.monotonic());
        return Promise.resolve({});
      },
    });
    queue.addAfter('a', 5_000);
    await clock.advance(1_000);
    queue.add('a');
    await clock.advance(20_000);
    assert.deepEqual(at, [1_000]);
  });

  it('looks again when the work asks for it', async () => {
    const at: number[] = [];
    const queue = make({
      work: () => {
        at.push(clock.monotonic());
        return Promise.resolve(at.length < 3 ? { againInMs: 10_000 } : {});
      },
    });
    queue.add('a');
    await clock.advance(60_000);
    assert.deepEqual(at, [0, 10_000, 20_000]);
  });

  it('looks again at once when a key was added while its work asked for later', async () => {
    const at: number[] = [];
    const queue: WorkQueue = make({
      work: (key) => {
        at.push(clock.monotonic());
        if (at.length === 1) queue.add(key);
        return Promise.resolve({ againInMs: 10_000 });
      },
    });
    queue.add('a');
    await clock.advance(10_500);
    assert.deepEqual(at, [0, 0, 10_000]);
    await queue.stop();
  });

  it('waits longer after every failure of a key, up to the cap, and starts over after a success', async () => {
    const at: number[] = [];
    let broken = true;
    const queue = make({
      retryDelay: { baseMs: 100, capMs: 1_000 },
      work: () => {
        at.push(clock.monotonic());
        return broken ? Promise.reject(new Error('broken')) : Promise.resolve({});
      },
    });
    const gaps = () => at.slice(1).map((time, i) => time - at[i]!);
    queue.add('a');
    await clock.advance(10_000);
    const [first, second, third] = gaps();
    assert.ok(first! >= 50 && first! <= 100, `first ${first}`);
    assert.ok(second! >= 100 && second! <= 200, `second ${second}`);
    assert.ok(third! >= 200 && third! <= 400, `third ${third}`);
    assert.ok(Math.max(...gaps()) <= 1_000);
    broken = false;
    await clock.advance(2_000);
    broken = true;
    at.length = 0;
    queue.add('a');
    await clock.advance(101);
    assert.equal(at.length, 2, 'after a success the first delay is short again');
    await queue.stop();
  });

  it('lets one key fail without holding up the others', async () => {
    const done: string[] = [];
    const queue = make({
      workers: 1,
      work: (key) => {
        if (key === 'bad') throw new Error('thrown, not rejected');
        done.push(key);
        return Promise.resolve({});
      },
    });
    queue.add('bad');
    queue.add('good');
    await settle();
    assert.deepEqual(done, ['good']);
    await queue.stop();
  });

  it('finishes what is in work at stop, starts nothing more, and leaves no timer', async () => {
    const { runs, work, finish } = gate();
    const queue = make({ work, workers: 1 });
    queue.add('a');
    queue.add('waiting');
    queue.addAfter('later', 1_000);
    await settle();
    let stopped = false;
    const stopping = queue.stop().then(() => (stopped = true));
    queue.add('a');
    queue.add('new');
    await clock.advance(5_000);
    assert.equal(stopped, false, 'waits for the work in progress');
    await finish('a');
    await stopping;
    assert.deepEqual(runs, ['a']);
    assert.equal(clock.pending, 0);
    await queue.stop();
  });

  it('leaves no retry behind when the work fails after stop', async () => {
    let fail = () => {};
    const queue = make({
      work: () => new Promise((_, reject) => (fail = () => { reject(new Error('too late')); })), // prettier-ignore
    });
    queue.add('a');
    await settle();
    const stopping = queue.stop();
    fail();
    await stopping;
    assert.equal(clock.pending, 0);
  });

  it('never works on a key twice at a time and loses no request, whatever the order of things', async () => {
    for (let seed = 1; seed <= 30; seed++) await randomRun(seed);
  });

  async function randomRun(seed: number): Promise<void> {
    const random = new FakeRandom(seed);
    const inWork = new Set<string>();
    const asked = new Map<string, number>();
    const seen = new Map<string, number>();
    const queue = make({
      random,
      workers: 3,
      slowMs: Infinity,
      work: async (key) => {
        assert.ok(!inWork.has(key), `seed ${seed}: ${key} twice in work`);
        assert.ok(inWork.size < 3, `seed ${seed}: more than three workers`);
        inWork.add(key);
        seen.set(key, asked.get(key)!);
        await clock.sleep(random.next() * 50);
        inWork.delete(key);
        if (random.next() < 0.2) throw new Error('chance');
        return random.next() < 0.2 ? { againInMs: random.next() * 100 } : {};
      },
    });
    for (let i = 0; i < 100; i++) {
      const key = `k${Math.floor(random.next() * 5)}`;
      asked.set(key, i);
      if (random.next() < 0.7) queue.add(key);
      else queue.addAfter(key, random.next() * 100);
      if (random.next() < 0.4) await clock.advance(random.next() * 40);
    }
    await clock.advance(10_000);
    assert.deepEqual(seen, asked, `seed ${seed}: the last look came after the last request`);
    const stopping = queue.stop();
    await clock.advance(100);
    await stopping;
  }

  it('counts under the names that dashboards know', async () => {
    const registry = new Registry();
    const metrics = queueMetrics(registry)('schedulercluster', 2);
    const queue = make({
      metrics,
      work: (key) => (key === 'bad' ? Promise.reject(new Error('x')) : Promise.resolve({})),
    });
    queue.add('good');
    queue.add('bad');
    await settle();
    const text = await registry.metrics();
    for (const line of [
      'workqueue_depth{name="schedulercluster",controller="schedulercluster"} 0',
      'workqueue_adds_total{name="schedulercluster",controller="schedulercluster"} 2',
      'workqueue_retries_total{name="schedulercluster",controller="schedulercluster"} 1',
      'controller_runtime_reconcile_total{controller="schedulercluster",result="success"} 1',
      'controller_runtime_reconcile_total{controller="schedulercluster",result="error"} 1',
      'controller_runtime_reconcile_errors_total{controller="schedulercluster"} 1',
      'controller_runtime_active_workers{controller="schedulercluster"} 0',
      'workqueue_work_duration_seconds_count{name="schedulercluster",controller="schedulercluster"} 2',
    ]) {
      assert.ok(text.includes(line), `${line} in\n${text}`);
    }
    await queue.stop();
  });
});
