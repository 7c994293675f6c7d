import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RecentJobs } from './recent-jobs.ts';

describe('RecentJobs', () => {
  it('knows the last 64, and none before them', () => {
    const recent = new RecentJobs();
    for (let i = 1; i <= 200; i++) recent.add(`j-${String(i)}`);

    const known = Array.from({ length: 200 }, (_, i) => i + 1).filter((i) => recent.has(`j-${String(i)}`));

    assert.deepEqual([known.at(0), known.at(-1), known.length], [137, 200, 64]);
  });
});
