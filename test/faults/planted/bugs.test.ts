/** A planted bug whose text is no longer in the source proves nothing; this tells it at the change, not at the next campaign. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { root } from '../../support/images.ts';
import { operatorBugs } from './operator.ts';
import { find } from './plant.ts';
import { schedulerBugs } from './scheduler.ts';

it('there are at least 20 of each program', () => {
  assert.ok(schedulerBugs.length >= 20);
  assert.ok(operatorBugs.length >= 20);
});

for (const { name, file, replace, by, caughtBy } of [...schedulerBugs, ...operatorBugs]) {
  it(`'${name}' can be planted: its text stands once in ${file}`, () => {
    assert.equal(readFileSync(path.join(root, file), 'utf8').split(replace).length - 1, 1);
    assert.notEqual(replace, by);
  });

  it(`'${name}' has a catcher that exists`, () => {
    const files = caughtBy.filter((argument) => argument.endsWith('.ts'));
    assert.ok(files.length > 0 && files.every((one) => existsSync(path.join(root, one))), files.join());
  });
}

/** Others each day, so that all are tried within three weeks where the suite runs daily. `make planted` tries all at once. */
const sampleSize = 2;

describe('a few of them, others each day, are caught', () => {
  const day = Math.floor(Date.now() / 86_400_000);
  for (let place = 0; place < sampleSize; place += 1) {
    const bug = operatorBugs[(day * sampleSize + place) % operatorBugs.length]!;
    it(bug.name, () => {
      const { finding, output } = find(bug);
      assert.equal(finding, 'caught', output.slice(-3000));
    });
  }
});
