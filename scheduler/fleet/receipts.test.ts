import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../test/fakes/clock.ts';
import { fakeLog } from '../../test/fakes/log.ts';
import { Receipts } from './receipts.ts';

function receipts(acknowledge: (ids: readonly string[]) => Promise<void> = () => Promise.resolve()) {
  const clock = new FakeClock();
  const { log, lines } = fakeLog();
  const sent: (readonly string[])[] = [];
  const inbox = {
    acknowledge: (_: string, ids: readonly string[]) => {
      sent.push(ids);
      return acknowledge(ids);
    },
  };
  return { receipts: new Receipts({ instanceId: 'a', inbox, clock, log }), clock, lines, sent };
}

describe('acknowledgements', () => {
  it('of a short while go together, each once', async () => {
    const { receipts: some, clock, sent } = receipts();
    some.add(['1']);
    some.add([]);
    some.add(['2', '3']);
    assert.deepEqual(sent, []);
    await clock.advance(20);
    some.add(['4']);
    await clock.advance(20);
    assert.deepEqual(sent, [['1', '2', '3'], ['4']]);
    assert.equal(clock.pending, 0);
  });

  it('go at once at the end, and not again', async () => {
    const { receipts: some, clock, sent } = receipts();
    some.add(['1']);
    await some.send();
    await clock.advance(100);
    assert.deepEqual(sent, [['1']]);
  });

  it('that fail cost nothing but a line in the log, and the next ones go', async () => {
    let fails = true;
    const {
      receipts: some,
      clock,
      lines,
      sent,
    } = receipts(() => (fails ? Promise.reject(new Error('away')) : Promise.resolve()));
    some.add(['1']);
    await clock.advance(20);
    fails = false;
    some.add(['2']);
    await clock.advance(20);
    assert.deepEqual(sent, [['1'], ['2']]);
    assert.equal(lines.length, 1);
  });
});
