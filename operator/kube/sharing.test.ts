import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { sharing } from './sharing.ts';

it('what is shared is equal to what was read, whatever was there before', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (before, read) => {
      // As the parser of JSON makes it: no fields of another kind.
      const after: unknown = JSON.parse(JSON.stringify(read));
      const given = JSON.stringify(after);
      assert.deepEqual(sharing(before, after), after);
      assert.equal(JSON.stringify(after), given, 'what was given is not changed');
    }),
  );
});

it('what is equal as a whole is what was there before', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const before: unknown = JSON.parse(JSON.stringify(value));
      assert.equal(sharing(before, JSON.parse(JSON.stringify(before))), before);
    }),
  );
});

it('the parts that are equal are those from before', () => {
  const before = { labels: { app: 'a' }, list: [{ n: 1 }, { n: 2 }], name: 'x' };
  const after = sharing(before, { labels: { app: 'a' }, list: [{ n: 1 }, { n: 3 }], name: 'y' });
  assert.equal(after.labels, before.labels);
  assert.equal(after.list[0], before.list[0]);
  assert.deepEqual(after.list[1], { n: 3 });
});

it('a field that is gone, or has come, is seen', () => {
  assert.deepEqual(sharing({ a: 1, b: undefined }, { a: 1 }), { a: 1 });
  assert.deepEqual(sharing({ a: 1 }, { a: 1, b: null }), { a: 1, b: null });
  assert.deepEqual(sharing([1, 2], [1]), [1]);
});

it('a field may have any name', () => {
  const read = (): unknown => JSON.parse('{"__proto__":{"a":1},"toString":null}');
  const before = read();
  assert.equal(sharing(before, read()), before);
  assert.equal(JSON.stringify(sharing({}, read())), JSON.stringify(before));
});
