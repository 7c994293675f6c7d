/** Every pod that we make or tell people to make keeps the restricted profile, and what docs/security.md promises beyond it. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { isObject, objectAt, objectsAt, stringAt, type JsonObject } from '../../operator/schema/json.ts';
import { violationsOf } from '../cluster/apiserver/write/pod-security-standards.ts';
import { root } from '../support/images.ts';

/** What the operator builds of its samples, and what is installed. */
const golden = 'operator/resources/golden';
const files = [
  ...readdirSync(path.join(root, golden)).map((name) => path.join(golden, name)),
  'manifests/install.yaml',
];

interface Found {
  readonly name: string;
  readonly pod: JsonObject;
}

const podsIn = (file: string): Found[] =>
  parseAllDocuments(readFileSync(path.join(root, file), 'utf8'))
    .map((document) => document.toJS() as unknown)
    .filter(isObject)
    .flatMap((object) => {
      const pod = objectAt(object, 'spec', 'template', 'spec');
      const name = `${stringAt(object, 'kind') ?? ''} ${stringAt(object, 'metadata', 'name') ?? ''}`;
      return pod ? [{ name, pod }] : [];
    });

describe('the pods', () => {
  const found = files.flatMap((file) => podsIn(file).map((one) => ({ file, ...one })));

  it('are those of the operator, of instances and of an embedded Redis', () => {
    const names = new Set(found.map(({ name }) => name));
    for (const name of ['Deployment lingua-operator', 'StatefulSet demo', 'StatefulSet quickstart-redis'])
      assert.ok(names.has(name), name);
  });

  for (const { file, name, pod } of found) {
    it(`of ${name} in ${file} are restricted`, () => {
      assert.deepEqual(violationsOf(pod, 'restricted'), []);
    });

    it(`of ${name} in ${file} write nothing to their root, and carry a token only where it is needed`, () => {
      for (const container of objectsAt(pod, 'containers'))
        assert.equal(objectAt(container, 'securityContext')?.['readOnlyRootFilesystem'], true);
      assert.equal(pod['automountServiceAccountToken'], name === 'Deployment lingua-operator');
    });
  }
});
