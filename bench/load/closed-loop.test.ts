import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Client } from '../systems/system.ts';
import { closedLoop } from './closed-loop.ts';
import { percentile } from './percentile.ts';

const immediately: Client = { ask: () => new Promise((resolve) => setImmediate(resolve)) };
const never: Client = { ask: () => new Promise(() => undefined) };

describe('closed loop', () => {
  it('asks again only after the answer', async () => {
    let underWay = 0;
    let most = 0;
    const client: Client = {
      async ask() {
        most = Math.max(most, ++underWay);
        await immediately.ask();
        underWay--;
      },
    };
    const { trips } = await closedLoop([client], { inFlight: 1, forMs: 20 });
    assert.equal(most, 1);
    assert.ok(trips > 1);
  });

  it('uses as many clients as trips may be under way, and no more', async () => {
    let idle = 0;
    const extra: Client = {
      ask: () => {
        idle++;
        return Promise.resolve();
      },
    };
    await closedLoop([immediately, immediately, extra], { inFlight: 2, forMs: 5 });
    assert.equal(idle, 0);
  });

  it('fails when one answer is lost, and says how many were', async () => {
    const lost = closedLoop([immediately, never, never], { inFlight: 3, forMs: 5 }, 20);
    await assert.rejects(lost, /2 of 3 clients were waiting/);
  });

  it('fails when an answer is wrong', async () => {
    const wrong: Client = { ask: () => Promise.reject(new Error('expected 1, got 2')) };
    await assert.rejects(closedLoop([immediately, wrong], { inFlight: 2, forMs: 1000 }), /expected 1, got 2/);
  });

  it('fails when fewer clients are connected than asked for', async () => {
    await assert.rejects(closedLoop([immediately], { inFlight: 2, forMs: 5 }), /only 1 clients/);
  });
});

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, at) => at + 1);

  it('is the nearest rank', () => {
    assert.deepEqual([percentile(hundred, 50), percentile(hundred, 99)], [50, 99]);
  });

  it('of one value is that value', () => {
    assert.equal(percentile([7], 99), 7);
  });
});
