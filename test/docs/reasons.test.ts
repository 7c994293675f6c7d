/** Reasons of conditions and events: each on the page is given somewhere, and each that is given is on the page, in both languages. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { remedies } from '../../operator/api/conditions.ts';
import { eventKinds } from '../../operator/api/events.ts';
import { root } from '../support/images.ts';
import { pageOf } from './pages.ts';

const sources = globSync('operator/{decide,reconcile}/**/*.ts', { cwd: root })
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => readFileSync(path.join(root, file), 'utf8'))
  .join('\n');

/** First cells of the tables of a page, by table. */
const tablesOf = (file: string): string[][] =>
  pageOf(file)
    .prose.split(/^## /m)
    .slice(1)
    .map((part) => [...part.matchAll(/^\| `(\w+)` /gm)].map(([, reason = '']) => reason));

for (const file of ['docs/reference/reasons.md', 'docs/zh/reference/reasons.md'])
  it(`${file} has a row for every reason, and no other`, () => {
    assert.deepEqual(tablesOf(file), [Object.keys(remedies), Object.keys(eventKinds)]);
  });

describe('a reason on the page', () => {
  for (const [what, table] of Object.entries({ condition: remedies, event: eventKinds }))
    it(`of a ${what} is given by the operator`, () => {
      assert.deepEqual(
        Object.keys(table).filter((reason) => !sources.includes(`'${reason}'`)),
        [],
      );
    });
});

it('events have no reasons but those of the table and those of conditions that turn', () => {
  const told = [...sources.matchAll(/events\.record\(\{([^}]*)\}/g)].map(([, fields = '']) => fields);
  assert.ok(told.length > 0);
  assert.deepEqual(
    told.filter((fields) => !/\.\.\.eventKinds\[reason\]|reason: now\.reason/.test(fields)),
    [],
  );
});
