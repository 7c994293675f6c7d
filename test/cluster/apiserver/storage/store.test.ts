import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiObject } from '../object.ts';
import { Store } from './store.ts';

const object = (name: string): ApiObject => ({ apiVersion: 'v1', kind: 'Thing', metadata: { name } });

describe('the storage', () => {
  it('tells everybody the changes in order, also those that a listener makes while it is told', () => {
    const store = new Store();
    const seen: number[] = [];
    store.subscribe('things', ({ type, object: changed }) => {
      if (type === 'ADDED') store.put('things', changed);
    });
    store.subscribe('things', ({ revision }) => seen.push(revision));
    store.put('things', object('a'));
    store.put('things', object('b'));
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    );
    assert.equal(seen.length, 4);
  });
});
