import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Catalogue, markOf, type Translation } from './catalogue.ts';

const of = (english: string, is: string): Translation => ({ of: markOf(english), is });

/** What a page is that tells `texts`, and what the catalogue then finds. */
function told(translations: Readonly<Record<string, Translation>>, texts: Readonly<Record<string, string>>) {
  const catalogue = new Catalogue(new Map(Object.entries(translations)));
  const page = Object.entries(texts).map(([key, english]) => catalogue.tell(key, english));
  return { page, findings: catalogue.findings().map(({ key, what }) => [key, what]) };
}

it('a translation stands for its text', () => {
  assert.deepEqual(told({ 'p/a': of('Hello.', '你好。') }, { 'p/a': 'Hello.' }), {
    page: ['你好。'],
    findings: [],
  });
});

it('a text without a translation stays English, and is found', () => {
  assert.deepEqual(told({}, { 'p/a': 'Hello.' }), { page: ['Hello.'], findings: [['p/a', 'untranslated']] });
});

it('a text that changed since its translation was made stays English, and is found', () => {
  assert.deepEqual(told({ 'p/a': of('Hello.', '你好。') }, { 'p/a': 'Hello, you.' }), {
    page: ['Hello, you.'],
    findings: [['p/a', 'changed']],
  });
});

it('a translation that nothing asks for is found', () => {
  assert.deepEqual(told({ 'p/a': of('Hello.', '你好。') }, {}).findings, [['p/a', 'without source']]);
});

it('a translation that names something else, or loses a number, is found', () => {
  assert.deepEqual(
    told(
      { 'p/a': of('Set `x` to 3.', '把 `y` 设为 3。'), 'p/b': of('Set `x` to 3.', '把 `x` 设为 4。') },
      { 'p/a': 'Set `x` to 3.', 'p/b': 'Set `x` to 3.' },
    ).findings,
    [
      ['p/a', 'names something else'],
      ['p/b', 'names something else'],
    ],
  );
});

it('one key cannot stand for two texts', () => {
  const catalogue = new Catalogue(new Map());
  catalogue.tell('p/a', 'Hello.');
  assert.throws(() => catalogue.tell('p/a', 'Goodbye.'), /p\/a stands for/);
});
