import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { FakeClock, settle } from '../../test/fakes/clock.ts';
import { fakeLog } from '../../test/fakes/log.ts';
import { createMetrics } from '../metrics.ts';
import type { Hint } from '../store/hints.ts';
import type { InboxEntry } from '../store/store.ts';
import { openMemoryStore } from '../store/memory/open.ts';
import { readInbox } from './inbox-reader.ts';
import type { HintHandler } from './post.ts';

const progress = (message: string): Hint => ({ type: 'progress', session_id: 's-1', message });

/** Entries of one batch, named by what their hints say, read by `handle` and then no more. */
async function read(
  entries: readonly (readonly string[])[],
  handle: (message: string) => Promise<void> | void,
) {
  const clock = new FakeClock();
  const { log, lines } = fakeLog();
  const acknowledged: string[] = [];
  const batch = entries.map((messages): InboxEntry => ({
    id: messages.join('+'),
    hints: messages.map(progress),
    again: false,
  }));
  const inbox = {
    ...openMemoryStore({ clock }).inbox,
    // eslint-disable-next-line @typescript-eslint/require-await
    async *read() {
      yield batch;
      stop.abort();
    },
    acknowledge: (_: string, ids: readonly string[]) => {
      acknowledged.push(...ids);
      return Promise.resolve();
    },
  };
  const stop = new AbortController();
  const handler: HintHandler = (hint) => handle(hint.type === 'progress' ? hint.message : '');
  const parts = {
    instanceId: 'a',
    inbox,
    handle: handler,
    clock,
    log,
    metrics: createMetrics(new Registry()),
  };
  await readInbox(parts, stop.signal);
  await clock.advance(20);
  return { acknowledged, lines, clock };
}

describe('an entry of the inbox', () => {
  it('is acknowledged when all its hints were handled, and comes again when one failed, at once or later', async () => {
    const { acknowledged, lines } = await read(
      [['a', 'b'], ['a', 'throws'], ['rejects', 'b'], ['b']],
      (what) => {
        if (what === 'throws') throw new Error('at once');
        return what === 'rejects' ? Promise.reject(new Error('later')) : undefined;
      },
    );
    assert.deepEqual(acknowledged, ['a+b', 'b']);
    const told = lines.filter(({ msg }) => msg === 'hint failed').map(({ entry }) => entry);
    assert.deepEqual(told.sort(), ['a+throws', 'rejects+b']);
  });

  it('has its other hints handled when one fails', async () => {
    const handled: string[] = [];
    await read([['throws', 'a', 'rejects', 'b']], (what) => {
      handled.push(what);
      if (what === 'throws') throw new Error('at once');
      return what === 'rejects' ? Promise.reject(new Error('later')) : undefined;
    });
    assert.deepEqual(handled, ['throws', 'a', 'rejects', 'b']);
  });

  it('is not acknowledged before its hints have had their effect, and holds up no other', async () => {
    const effect = Promise.withResolvers<undefined>();
    const { acknowledged, clock } = await read([['lasts', 'a'], ['b']], async (what) => {
      if (what === 'lasts') await effect.promise;
    });
    assert.deepEqual(acknowledged, []);
    effect.resolve(undefined);
    await settle();
    await clock.advance(20);
    assert.deepEqual(acknowledged, ['lasts+a', 'b']);
  });
});
