/** Two operators at once: in the middle of every story the one that leads goes away, or should and does not know it yet. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { campaign, families } from './faults/campaign.ts';

campaign('successions');

it('all families together strike at 2,400 moments at least', () => {
  const points = Object.values(families).reduce((sum, { pointsMin }) => sum + pointsMin, 0);
  assert.ok(points >= 2_400, String(points));
});
