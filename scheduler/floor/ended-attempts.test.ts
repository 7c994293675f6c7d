import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EndedAttempts } from './ended-attempts.ts';

describe('attempts that ended', () => {
  it('are remembered while four thousand others end, and not for ever', () => {
    const ended = new EndedAttempts();
    ended.add('job', 1);
    for (let n = 0; n < 4096; n++) {
      assert.ok(ended.has('job', 1), `after ${String(n)}`);
      ended.add(`other-${String(n)}`, 1);
    }
    for (let n = 0; n < 8192; n++) ended.add(`more-${String(n)}`, 1);
    assert.ok(!ended.has('job', 1));
  });

  it('are not the attempts that come after them, but those before', () => {
    const ended = new EndedAttempts();
    ended.add('job', 2);
    assert.deepEqual(
      [1, 2, 3].map((attempt) => ended.has('job', attempt)),
      [true, true, false],
    );
  });

  it('can be forgotten with their job, however old they are', () => {
    const ended = new EndedAttempts();
    ended.add('job', 1);
    for (let n = 0; n < 4096; n++) ended.add(`other-${String(n)}`, 1);
    ended.forget('job');
    assert.ok(!ended.has('job', 1));
  });
});
