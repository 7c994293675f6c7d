/** Every row of a table has the columns of its head: a `|` in a command makes one more, unless it is escaped. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pages } from './pages.ts';

const columnsOf = (row: string): number => row.replaceAll(String.raw`\|`, '').split('|').length - 2;

/** Each run of lines that begin with a bar. */
function tablesOf(prose: string): string[][] {
  return prose.split(/^(?![ \t]*\|).*$/m).flatMap((part) => {
    const rows = part.split('\n').filter((line) => line.trim() !== '');
    return rows.length > 0 ? [rows] : [];
  });
}

for (const { file, prose } of pages) {
  it(`${file} has tables without a row too long or too short`, () => {
    for (const [head = '', ...rows] of tablesOf(prose))
      for (const row of rows) assert.equal(columnsOf(row.trim()), columnsOf(head.trim()), row);
  });
}

it('a table with a bar in a command is found', () => {
  const [rows] = tablesOf('Text\n\n| a | b |\n| - | - |\n| `x|y` | z |\n\nText');
  assert.deepEqual(rows?.map(columnsOf), [2, 2, 3]);
});
