/** Ours against prom-client's own: the text of a scrape is the same. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Counter, Histogram, Registry } from 'prom-client';
import fc from 'fast-check';
import { Tally, Timing } from './series.ts';

const word = fc.constantFrom('a', 'b', 'ok', 'err');
const lines = async (registry: Registry) => (await registry.metrics()).trim().split('\n').sort();

describe('our series', () => {
  it('show at a scrape what those of prom-client show, after whatever happened', async () => {
    const steps = fc.array(fc.tuple(word, word, fc.double({ min: 0, max: 3, noNaN: true })), {
      maxLength: 50,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (happened) => {
        const [ours, theirs] = [new Registry(), new Registry()];
        const common = { help: 'h' };
        const buckets = [0.1, 0.5, 1, 2];
        const tally = new Tally({ ...common, name: 'c', labelNames: ['x', 'y'], registers: [ours] });
        const timing = new Timing({ ...common, name: 't', labelNames: ['x'], buckets, registers: [ours] });
        const bare = new Tally({ ...common, name: 'b', labelNames: [], registers: [ours] });
        const counter = new Counter({ ...common, name: 'c', labelNames: ['x', 'y'], registers: [theirs] });
        const histogram = new Histogram({
          ...common,
          name: 't',
          labelNames: ['x'],
          buckets,
          registers: [theirs],
        });
        const bareCounter = new Counter({ ...common, name: 'b', registers: [theirs] });
        const bareTiming = new Timing({ ...common, name: 'bt', labelNames: [], buckets, registers: [ours] });
        const bareHistogram = new Histogram({ ...common, name: 'bt', buckets, registers: [theirs] });
        for (const [x, y, value] of happened) {
          bareTiming.observe(value);
          bareHistogram.observe(value);
          tally.inc({ x, y });
          counter.inc({ x, y });
          timing.observe({ x }, value);
          histogram.observe({ x }, value);
          bare.inc();
          bareCounter.inc();
        }
        assert.deepEqual(await lines(ours), await lines(theirs));
        // A scrape changes nothing.
        assert.deepEqual(await lines(ours), await lines(theirs));
      }),
      { numRuns: 50 },
    );
  });

  it('count what is on a bound to the bucket below it, and may be without labels', async () => {
    const registry = new Registry();
    const timing = new Timing({
      name: 't',
      help: 'h',
      labelNames: [],
      buckets: [1, 2],
      registers: [registry],
    });
    for (const value of [0, 1, 2, 5]) timing.observe(value);
    const text = await registry.metrics();
    assert.match(
      text,
      /t_bucket\{le="1"\} 2\nt_bucket\{le="2"\} 3\nt_bucket\{le="\+Inf"\} 4\nt_sum 8\nt_count 4/,
    );
  });

  it('tell apart series that differ in the last of three labels only', async () => {
    const registry = new Registry();
    const tally = new Tally({ name: 'c', help: 'h', labelNames: ['x', 'y', 'z'], registers: [registry] });
    for (const z of ['true', 'false', 'true']) tally.inc({ x: 'a', y: 'b', z });
    const text = await registry.metrics();
    assert.match(text, /c\{x="a",y="b",z="true"\} 2/);
    assert.match(text, /c\{x="a",y="b",z="false"\} 1/);
  });

  it('exist from the start when they are touched', async () => {
    const registry = new Registry();
    const tally = new Tally({ name: 'c', help: 'h', labelNames: ['x'], registers: [registry] });
    tally.inc({ x: 'never' }, 0);
    assert.match(await registry.metrics(), /c\{x="never"\} 0/);
  });
});
