/** Every link inside the documentation leads somewhere. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { root } from '../support/images.ts';
import { anchorsOf, pages, type Page } from './pages.ts';

const byFile = new Map(pages.map((page) => [page.file, page]));

function targetsOf({ prose }: Page): string[] {
  const words = prose.replace(/`[^`\n]*`/g, '');
  const inline = [...words.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)].map(([, target = '']) => target);
  const html = [...words.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, target = '']) => target);
  return [...inline, ...html].filter((target) => !/^[a-z]+:/i.test(target));
}

function broken(page: Page, target: string): string | undefined {
  const [place = '', anchor] = target.split('#');
  const file = place === '' ? page.file : path.join(path.dirname(page.file), decodeURI(place));
  if (!existsSync(path.join(root, file))) return `${target}: there is no ${file}`;
  const there = byFile.get(file);
  if (anchor === undefined || !there) return undefined;
  return anchorsOf(there).has(decodeURIComponent(anchor))
    ? undefined
    : `${target}: ${file} has no such heading`;
}

it('there is documentation', () => {
  assert.ok(pages.length > 20);
});

for (const page of pages) {
  it(`${page.file} links to what exists`, () => {
    assert.deepEqual(
      targetsOf(page).flatMap((target) => broken(page, target) ?? []),
      [],
    );
  });
}
