import assert from 'node:assert/strict';
import { it } from 'node:test';
import { count } from './count.ts';

it('of one there is one, of all other numbers there are several', () => {
  assert.deepEqual(
    [0, 1, 2].map((number) => count(number, 'node')),
    ['0 nodes', '1 node', '2 nodes'],
  );
  assert.equal(count(2, 'entry', 'entries'), '2 entries');
});
