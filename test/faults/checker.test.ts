import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeViolation, judge, type Limits } from './checker.ts';
import { badStories } from './stories/bad.ts';
import { legalStories } from './stories/legal.ts';
import { Story } from './stories/story.ts';

const limits: Limits = {
  holdMs: 1000,
  boundMs: 10_000,
  jobTimeoutMs: 2000,
  extraRuns: 3,
  toleranceMs: 50,
  replyMs: 1800,
};

describe('the history checker', () => {
  for (const [what, verdict, tell] of badStories) {
    test(`flags ${what} as ${verdict}`, () => {
      const { violations } = judge(tell(new Story()).events, limits);
      assert.ok(violations.length > 0, 'nothing was flagged');
      assert.ok(
        violations.some((violation) => violation.verdict === verdict),
        violations.map(describeViolation).join('\n'),
      );
      assert.ok(
        violations.every(({ events }) => events.length > 0),
        'a verdict shows its events',
      );
    });
  }

  for (const [what, tell] of legalStories) {
    test(`lets ${what} pass`, () => {
      const { violations } = judge(tell(new Story()).events, limits);
      assert.deepEqual(violations.map(describeViolation), []);
    });
  }

  test('counts what it saw and how often each verdict was given', () => {
    const story = new Story()
      .open('a')
      .job(0, 'a', 0)
      .job(100, 'a', 1)
      .submit(200, 'a', 2)
      .accepted(201, 'a', 2);
    const { counts, seen } = judge(story.events, limits);
    assert.deepEqual(counts, { lost: 1 });
    assert.deepEqual(
      { ...seen, events: 0 },
      { events: 0, submitted: 3, accepted: 3, refused: 0, resumed: 0, answered: 2, failed: 0, runs: 2 },
    );
  });

  test('shows only the events of the job in question', () => {
    const story = new Story().open('a').job(0, 'a', 0).submit(200, 'a', 1).accepted(201, 'a', 1);
    const [violation] = judge(story.events, limits).violations;
    assert.deepEqual([...new Set(violation?.events.map(({ index }) => index))], [1]);
  });
});
