/** Hints to other instances, sent again where their loss would cost a wait. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { FakeClock, FakeRandom } from '../../test/fakes/clock.ts';
import { fakeLog } from '../../test/fakes/log.ts';
import { createMetrics } from '../metrics.ts';
import { openMemoryStore } from '../store/memory/open.ts';
import type { SendAnswer } from '../store/store.ts';
import { createPost } from './post.ts';

const refusal = {
  type: 'refused',
  job_id: 'job-1',
  session_id: 's-1',
  attempt: 1,
  node_id: 'n-1',
  reason: 'gone',
} as const;

/** A post whose inbox answers these, and then that it is sent. */
function postWith(...answers: (SendAnswer | Error)[]) {
  const clock = new FakeClock();
  const inbox = {
    ...openMemoryStore({ clock }).inbox,
    send(): Promise<SendAnswer> {
      const answer = answers.shift() ?? 'sent';
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
  const { log } = fakeLog();
  const { signal } = new AbortController();
  const metrics = createMetrics(new Registry());
  const local = () => undefined;
  const post = createPost({
    instanceId: 'a',
    inbox,
    local,
    log,
    metrics,
    clock,
    random: new FakeRandom(),
    signal,
  });
  return { post, clock };
}

describe('a hint that is sent patiently', () => {
  it('is sent again while the inbox is full or the store away', async () => {
    const { post, clock } = postWith('busy', new Error('away'), 'busy');
    const told = post.sendPatiently('b', refusal, 5000);
    await clock.advance(5000);
    assert.equal(await told, 'sent');
  });

  it('is given up at once when the other is gone', async () => {
    const { post } = postWith('no_owner');
    assert.equal(await post.sendPatiently('b', refusal, 5000), 'no_owner');
  });

  it('waits for one that may return', async () => {
    const { post, clock } = postWith('no_owner', 'no_owner');
    const told = post.sendPatiently('b', refusal, 5000, true);
    await clock.advance(5000);
    assert.equal(await told, 'sent');
  });

  it('is given up in the end', async () => {
    const { post, clock } = postWith(...Array.from({ length: 100 }, () => 'no_owner' as const));
    const told = post.sendPatiently('b', refusal, 5000, true);
    await clock.advance(10_000);
    assert.equal(await told, 'no_owner');
  });
});
