/** The flat file that people apply is what the overlay renders now. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { flatFile, flatPath } from '../../manifests/generate.ts';

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
