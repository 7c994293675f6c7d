import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { FakeClock } from '../../fakes/clock.ts';
import { watchHealth } from './health.ts';
import { judge, type Check, type ProbeSpec, type Verdict } from './probe.ts';

describe('the verdict of a probe', () => {
  it('turns only after as many equal answers in a row as the threshold says', () => {
    const probe: ProbeSpec = { failureThreshold: 2, successThreshold: 3 };
    let verdict: Verdict = { healthy: true, row: 0, last: undefined };
    const after = (answers: string) =>
      [...answers.split('')].map((answer) => (verdict = judge(verdict, answer === '+', probe)).healthy);
    assert.deepEqual(after('-+-'), [true, true, true]);
    assert.deepEqual(after('-'), [false]);
    assert.deepEqual(after('++-++'), [false, false, false, false, false]);
    assert.deepEqual(after('+'), [true]);
  });
});

describe('the health of a container', () => {
  const probe = (more: ProbeSpec = {}): ProbeSpec => ({ periodSeconds: 10, failureThreshold: 3, ...more });

  function watched(container: Record<string, ProbeSpec>) {
    const clock = new FakeClock();
    const stop = new AbortController();
    const told: string[] = [];
    const answers = { ok: false };
    const checked = { count: 0 };
    void watchHealth({
      container: { name: 'c', ...container },
      clock,
      signal: stop.signal,
      check: () => {
        checked.count++;
        const check: Check = answers.ok ? { ok: true } : { ok: false, why: 'no' };
        return Promise.resolve(check);
      },
      onChange: ({ started, ready }) =>
        told.push(`${started ? 'started ' : ''}${ready ? 'ready' : 'unready'}`),
      onFailure: (kind) => told.push(`${kind} failed`),
      onDead: (kind) => told.push(`dead: ${kind}`),
    });
    return { clock, stop, told, answers, checked };
  }

  it('is not ready before the first success, and unready after three failures in a row', async () => {
    const { clock, told, answers } = watched({ readinessProbe: probe({ initialDelaySeconds: 5 }) });
    await clock.advance(4_999);
    assert.deepEqual(told, []);
    answers.ok = true;
    await clock.advance(1);
    assert.deepEqual(told, ['ready']);
    answers.ok = false;
    await clock.advance(20_000);
    assert.deepEqual(told, ['ready', 'Readiness failed', 'Readiness failed']);
    await clock.advance(10_000);
    assert.deepEqual(told.slice(3), ['Readiness failed', 'unready']);
  });

  it('is ended after three failures of liveness, and asked no more', async () => {
    const { clock, told, checked } = watched({ livenessProbe: probe() });
    await clock.advance(100_000);
    assert.deepEqual(told, ['Liveness failed', 'Liveness failed', 'Liveness failed', 'dead: liveness']);
    assert.equal(checked.count, 3);
  });

  it('is not asked for liveness or readiness before it has started', async () => {
    const { clock, told, answers } = watched({
      startupProbe: probe({ failureThreshold: 10 }),
      livenessProbe: probe(),
      readinessProbe: probe(),
    });
    await clock.advance(50_000);
    assert.ok(told.every((line) => line === 'Startup failed'));
    told.length = 0;
    answers.ok = true;
    await clock.advance(10_000);
    assert.deepEqual(told, ['started unready', 'ready']);
  });

  it('is ended when it never starts', async () => {
    const { clock, told, checked } = watched({
      startupProbe: probe({ failureThreshold: 2 }),
      livenessProbe: probe(),
    });
    await clock.advance(100_000);
    assert.deepEqual(told, ['Startup failed', 'Startup failed', 'dead: startup']);
    assert.equal(checked.count, 2);
  });

  it('is not looked at when the process has ended, and leaves no timer', async () => {
    const { clock, stop, checked } = watched({ livenessProbe: probe(), readinessProbe: probe() });
    await clock.advance(0);
    stop.abort();
    const before = checked.count;
    await clock.advance(60_000);
    assert.equal(checked.count, before);
    assert.equal(clock.pending, 0);
  });
});
