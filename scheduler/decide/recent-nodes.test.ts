import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RecentNodes } from './recent-nodes.ts';

describe('the node a session used last', () => {
  it('is known until the window is over', () => {
    const recent = new RecentNodes(30);
    recent.used('s', 'n-1', 0);
    assert.equal(recent.of('s', 29), 'n-1');
    assert.equal(recent.of('s', 30), undefined);
    assert.equal(recent.of('other', 0), undefined);
  });

  it('is the newest', () => {
    const recent = new RecentNodes(30);
    recent.used('s', 'n-1', 0);
    recent.used('s', 'n-2', 20);
    assert.equal(recent.of('s', 40), 'n-2');
  });

  it('is forgotten after the window, so that memory follows the sessions of a window', () => {
    const recent = new RecentNodes(30);
    for (let i = 0; i < 1000; i++) recent.used(`s-${String(i)}`, 'n', i);
    assert.equal(recent.size, 30);
    new RecentNodes(0).used('s', 'n', 0);
    assert.equal(new RecentNodes(0).of('s', 0), undefined, 'a window of nothing remembers nothing');
  });
});
