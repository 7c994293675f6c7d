/**
 * A translated page shows the same commands, in the same order, and has the same parts and names: nobody gets an old page
 * because of their language.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { it } from 'node:test';
import { pageOf, pages, type Page } from './pages.ts';

const translated = pages.filter(({ file }) => file.startsWith('docs/zh/'));
const originalOf = ({ file }: Page): Page => pageOf(path.join('docs', path.relative('docs/zh', file)));
const translationOf = (file: string): string => path.join('docs/zh', path.relative('docs', file));

/** What only those read who build it or doubt it; docs/zh/README.md says that these are English. */
const onlyEnglish = /^docs\/(adr|design)\/|^docs\/evidence\.md$/;
/** Made by one program from one source; what is left out of their translations is found by another test. */
const isMade = ({ file }: Page): boolean => file.startsWith('docs/zh/reference/');

it('every page for users is translated', () => {
  const ofUsers = pages.filter(({ file }) => /^docs\/(?!zh\/)/.test(file) && !onlyEnglish.test(file));
  const there = new Set(translated.map(({ file }) => file));
  assert.ok(there.size > 30);
  assert.deepEqual(
    ofUsers.map(({ file }) => translationOf(file)).filter((file) => !there.has(file)),
    [],
  );
});

/** How many headings of each level, rows of tables and items of lists. */
function partsOf({ prose }: Page): Record<string, number> {
  const parts: Record<string, number> = {};
  for (const line of prose.split('\n')) {
    const [part] = /^(#+ |\|)/.exec(line) ?? (/^\s*(-|\d+\.) /.test(line) ? ['item'] : []);
    if (part !== undefined) parts[part] = (parts[part] ?? 0) + 1;
  }
  return parts;
}

/** What stands in code quotes is the same in every language. */
const namesOf = ({ prose }: Page): string[] =>
  [...new Set([...prose.matchAll(/`([^`\n]+)`/g)].map(([, name = '']) => name))].sort();

const linksOf = ({ prose }: Page): string[] =>
  [...prose.matchAll(/\]\(([^)\s#]+)/g)].flatMap(([, target = '']) =>
    /^[a-z]+:/.test(target) ? [] : [target],
  );

for (const page of translated) {
  const { file, fences } = page;

  it(`${file} has the commands of the page it translates`, () => {
    const shown = (from: typeof fences) =>
      from.map(({ language, attributes, text }) => ({ language, attributes, text }));
    assert.deepEqual(shown(fences), shown(originalOf(page).fences));
  });

  it(`${file} leads to translated pages where there are some`, () => {
    const known = new Set(translated.map((one) => one.file));
    const english = linksOf(page)
      .map((target) => path.join(path.dirname(file), target))
      .filter((target) => target !== originalOf(page).file && known.has(translationOf(target)));
    assert.deepEqual(english, []);
  });

  if (isMade(page)) continue;
  it(`${file} has the parts and the names of the page it translates`, () => {
    const original = originalOf(page);
    assert.deepEqual(partsOf(page), partsOf(original));
    assert.deepEqual(namesOf(page), namesOf(original));
  });
}
