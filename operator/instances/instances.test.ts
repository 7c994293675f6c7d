import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { FakeClock, FakeRandom } from '../../test/fakes/clock.ts';
import { reportOf } from '../../test/operator/surroundings.ts';
import type { InstanceReport } from '../../common/admin-api.ts';
import type { InstanceAnswer } from '../decide/seen.ts';
import { Instances } from './instances.ts';

describe('the instances that are followed', () => {
  let clock: FakeClock;
  let instances: Instances;
  let asked: string[];
  let woken: string[];
  let wait: (address: string) => Promise<void>;
  let said: (address: string) => Partial<InstanceReport> | undefined;

  /** Not ready, unless a test is about routes: those are tried between instances that are. */
  const target = (uid: string, ready = false) => ({
    uid,
    instanceId: `demo-${uid}`,
    address: `10.0.0.${uid}`,
    ready,
  });

  beforeEach(() => {
    clock = new FakeClock();
    asked = [];
    woken = [];
    said = () => ({});
    wait = () => Promise.resolve();
    const ask = async (address: string, token: string): Promise<InstanceAnswer> => {
      asked.push(`${address} ${token}`);
      await wait(address);
      const parts = said(address);
      return parts
        ? { kind: 'report', report: { ...reportOf(`demo-${address.slice(-1)}`, 0), ...parts } }
        : { kind: 'silent', error: 'refused' };
    };
    instances = new Instances({
      client: {
        ask,
        drain: (address) => ask(address, 'drain'),
        probe: () => Promise.resolve({ outcome: 'answered', detail: '', tookMs: 1 }),
      },
      clock,
      random: new FakeRandom(),
      wake: (key) => void woken.push(key),
    });
  });

  it('a pod is asked at once, then every few seconds, and its first answer wakes', async () => {
    instances.follow('ns/a', [target('1')], 'secret');
    await clock.advance(0);
    assert.deepEqual(asked, ['10.0.0.1 secret']);
    assert.deepEqual(woken, ['ns/a']);
    await clock.advance(60_000);
    assert.ok(asked.length >= 10 && asked.length <= 16, String(asked.length));
    assert.equal(woken.length, 1, 'nothing new was said');
  });

  it('what another instance says at its address is not taken for its own', async () => {
    said = () => ({ instanceId: 'demo-9', drain: { startedAt: '', deadlineAt: '', done: true } });
    instances.follow('ns/a', [target('1')], 't');
    await clock.advance(0);
    const silent = { kind: 'silent', error: 'demo-9 answers at its address' };
    assert.deepEqual(instances.answers('ns/a').get('1'), silent);
    assert.deepEqual(await instances.drain('ns/a', '1', 30), silent);
    assert.deepEqual(instances.answers('ns/a').get('1'), silent);
  });

  it('says nothing before each was asked once: some answers are not what the fleet does', async () => {
    const slow = new Promise<void>((resolve) => clock.after(1_000, resolve));
    wait = (address) => (address === '10.0.0.2' ? slow : Promise.resolve());
    instances.follow('ns/a', [target('1'), target('2')], 't');
    await clock.advance(500);
    assert.equal(instances.answers('ns/a').size, 0);
    assert.deepEqual(woken, []);
    await clock.advance(500);
    assert.equal(instances.answers('ns/a').size, 2);
    assert.deepEqual(woken, ['ns/a']);
  });

  it('waits for nobody who has left', async () => {
    const never = new Promise<void>(() => undefined);
    wait = (address) => (address === '10.0.0.2' ? never : Promise.resolve());
    instances.follow('ns/a', [target('1'), target('2')], 't');
    await clock.advance(0);
    instances.follow('ns/a', [target('1')], 't');
    assert.equal(instances.answers('ns/a').size, 1);
  });

  const countedIn = async (ms: number): Promise<number> => {
    asked = [];
    await clock.advance(ms);
    return asked.length;
  };

  it('is asked less often when all is well and a minute brought nothing new', async () => {
    instances.follow('ns/a', [target('1')], 't');
    await clock.advance(60_000);
    const calm = await countedIn(150_000);
    assert.ok(calm >= 8 && calm <= 13, String(calm));
  });

  it('is asked as often as ever while something is not well, or drains', async () => {
    const faults: Partial<InstanceReport>[] = [
      { ready: false },
      { drain: { startedAt: '', deadlineAt: '', done: false } },
      { lease: { held: false, epoch: 1, holder: null } },
    ];
    for (const fault of [...faults, undefined]) {
      said = (address) => (address === '10.0.0.1' ? fault : {});
      instances.follow('ns/a', [target('1'), target('2')], 't');
      await clock.advance(120_000);
      const count = await countedIn(60_000);
      assert.ok(count >= 20 && count <= 32, String(count));
      instances.forget('ns/a');
    }
  });

  it('all of a calm cluster are asked at once when one of them has news', async () => {
    instances.follow('ns/a', [target('1'), target('2'), target('3')], 't');
    await clock.advance(120_000);
    said = (address) => (address === '10.0.0.2' ? { phase: 'draining' } : {});
    do {
      asked = [];
      await clock.advance(100);
    } while (!asked.includes('10.0.0.2 t'));
    assert.deepEqual(new Set(asked), new Set(['1', '2', '3'].map((n) => `10.0.0.${n} t`)));
  });

  it('only what a status shows wakes', async () => {
    instances.follow('ns/a', [target('1')], 't');
    await clock.advance(0);
    said = () => ({ inbox: { length: 9, pending: 9, dlqLength: 0 }, jobs: { waiting: 3, running: 1 } });
    await clock.advance(10_000);
    assert.equal(woken.length, 1);
    said = () => ({ phase: 'draining' });
    await clock.advance(10_000);
    assert.equal(woken.length, 2);
    said = () => undefined;
    await clock.advance(10_000);
    assert.equal(woken.length, 3);
  });

  it('an error whose text changes wakes once', async () => {
    let milliseconds = 0;
    said = () => ({
      redis: {
        reachable: false,
        mode: 'single',
        keyPrefix: '',
        roundTripMs: null,
        error: `gave up after ${String((milliseconds += 1))} ms`,
      },
    });
    instances.follow('ns/a', [target('1')], 't');
    await clock.advance(60_000);
    assert.equal(woken.length, 1);
  });

  it('a pod that became ready is asked at once', async () => {
    instances.follow('ns/a', [target('1', false)], 't');
    await clock.advance(1_000);
    instances.follow('ns/a', [target('1', true)], 't');
    await clock.advance(0);
    assert.equal(asked.length, 2);
  });

  it('a pod that became ready while it was asked is asked again at once', async () => {
    said = () => {
      instances.follow('ns/a', [target('1', true)], 't');
      said = () => ({});
      return {};
    };
    instances.follow('ns/a', [target('1', false)], 't');
    await clock.advance(0);
    assert.equal(asked.length, 2);
  });

  it('following again what is followed asks nothing', async () => {
    for (let times = 0; times < 5; times += 1) instances.follow('ns/a', [target('1')], 't');
    await clock.advance(0);
    assert.equal(asked.length, 1);
  });

  it('another address or token is used at once, and the old one no more', async () => {
    instances.follow('ns/a', [target('1')], 'old');
    await clock.advance(0);
    instances.follow('ns/a', [{ ...target('1'), address: '10.0.0.9' }], 'new');
    await clock.advance(20_000);
    assert.deepEqual(new Set(asked.slice(1)), new Set(['10.0.0.9 new']));
  });

  it('who is no longer followed is not asked, and its answer is forgotten', async () => {
    instances.follow('ns/a', [target('1'), target('2')], 't');
    await clock.advance(0);
    instances.follow('ns/a', [target('2')], 't');
    assert.deepEqual([...instances.answers('ns/a').keys()], ['2']);
    instances.forget('ns/a');
    assert.equal(instances.answers('ns/a').size, 0);
    asked = [];
    await clock.advance(60_000);
    assert.deepEqual(asked, []);
    assert.equal(clock.pending, 0, 'no timer is left');
  });
});
