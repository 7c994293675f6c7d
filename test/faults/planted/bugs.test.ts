/** A planted bug whose text is no longer in the source proves nothing; this tells it at the change, not at the next campaign. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { root } from '../../support/images.ts';
import { plantedBugs } from './bugs.ts';

it('there are at least 20', () => {
  assert.ok(plantedBugs.length >= 20);
});

for (const { name, file, replace, by } of plantedBugs) {
  it(`'${name}' can be planted: its text stands once in ${file}`, () => {
    assert.equal(readFileSync(path.join(root, file), 'utf8').split(replace).length - 1, 1);
    assert.notEqual(replace, by);
  });
}
