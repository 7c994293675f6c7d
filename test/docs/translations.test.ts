/** A translated page shows the same commands, in the same order: nobody gets an old one because of their language. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { it } from 'node:test';
import { pageOf, pages } from './pages.ts';

const translated = pages.filter(({ file }) => file.startsWith('docs/zh/'));

it('there are translated pages', () => {
  assert.ok(translated.length > 5);
});

for (const { file, fences } of translated) {
  it(`${file} has the commands of the page it translates`, () => {
    const original = pageOf(path.join('docs', path.relative('docs/zh', file)));
    const shown = (from: typeof fences) =>
      from.map(({ language, attributes, text }) => ({ language, attributes, text }));
    assert.deepEqual(shown(fences), shown(original.fences));
  });
}
