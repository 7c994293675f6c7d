/** What is made of the manifests is made of them as they are now: the flat file, parts of the chart, what the quickstart shows. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { chartFiles } from '../../manifests/chart-files.ts';
import { flatFile, flatPath } from '../../manifests/generate.ts';
import { pageOf } from './pages.ts';

/** Objects in their order; where kubectl breaks a line is its version's own affair. */
const objectsOf = (text: string): unknown[] =>
  parseAllDocuments(text).map((document) => document.toJS() as unknown);

it('manifests/install.yaml is what `make manifests` makes', async () => {
  const [written, made] = [await readFile(flatPath, 'utf8'), await flatFile()];
  assert.deepEqual(objectsOf(written), objectsOf(made), 'run `make manifests`');
});

it('the flat file is the same every time it is made', async () => {
  assert.equal(await flatFile(), await flatFile());
});

it('the quickstart shows what it applies', async () => {
  const shown = pageOf('docs/quickstart.md').fences.find(({ language }) => language === 'yaml');
  const sample = new URL('../../manifests/samples/quickstart.yaml', import.meta.url);
  assert.deepEqual(parse(shown?.text ?? ''), parse(await readFile(sample, 'utf8')));
});

it('the parts of the chart are what `make manifests` makes', async () => {
  for (const [file, made] of await chartFiles())
    assert.ok((await readFile(file, 'utf8')) === made, `${file}: run \`make manifests\``);
});
