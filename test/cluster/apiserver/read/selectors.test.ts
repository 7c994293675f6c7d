import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import type { ApiObject } from '../../../../operator/schema/object.ts';
import { age } from './age.ts';
import { jsonPath } from './json-path.ts';
import { labelSelector, selection } from './selectors.ts';

describe('label selectors', () => {
  const labels = { app: 'web', tier: 'front', empty: '', 'example.com/x': '1' };
  for (const [text, expected] of [
    ['', true],
    ['app=web', true],
    ['app==web,tier!=back', true],
    ['app!=web', false],
    ['other!=x', true],
    ['app in (web, db),tier notin (back)', true],
    ['other notin (x)', true],
    ['app', true],
    ['!app', false],
    ['!other', true],
    ['empty=', true],
    ['example.com/x=1', true],
    ['app in (db)', false],
  ] as const) {
    it(`'${text}' ${expected ? 'selects' : 'passes over'} it`, () => {
      assert.equal(labelSelector(text)(labels), expected);
    });
  }

  it('refuse what is no selector', () => {
    assert.throws(() => labelSelector('a b'), {
      code: 400,
      message: /unable to parse requirement: found 'b'/,
    });
  });
});

describe('field selectors', () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'n' },
    spec: { nodeName: 'node-1' },
    status: { phase: 'Running' },
  } as ApiObject;
  const selects = (text: string, plural = 'pods'): boolean =>
    selection(plural, new URLSearchParams({ fieldSelector: text }))(pod);

  it('compare fields, and know absent ones as empty', () => {
    assert.equal(selects('metadata.name=p,spec.nodeName==node-1,status.phase!=Failed'), true);
    assert.equal(selects('spec.nodeName='), false);
    assert.equal(selects('status.podIP='), true);
  });

  it('refuse fields that are not selectable for the kind', () => {
    assert.throws(() => selects('spec.image=x'), {
      code: 400,
      message: 'field label not supported: spec.image',
    });
    assert.throws(() => selects('status.phase=x', 'configmaps'), { code: 400 });
  });
});

describe('printer paths', () => {
  const object = {
    a: {
      'b.c': 1,
      list: [
        { type: 'Ready', status: 'True' },
        { type: 'Ok', status: 'False' },
      ],
    },
    n: [1, 2],
  };
  for (const [path, expected] of [
    ['.a.list[0].type', ['Ready']],
    ['{.a.list[*].type}', ['Ready', 'Ok']],
    ['.a.list[?(@.type=="Ready")].status', ['True']],
    [".a.list[?(@.type=='Ok')].status", ['False']],
    ['.a.list[-1].type', ['Ok']],
    ['.a.b\\.c', [1]],
    [".a['b.c']", [1]],
    ['.missing.x', []],
    ['.n[*]', [1, 2]],
  ] as const) {
    it(`${path} finds ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(jsonPath(path)(object), expected);
    });
  }
});

describe('ages', () => {
  for (const [seconds, text] of [
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [200, '3m20s'],
    [600, '10m'],
    [10_799, '179m'],
    [10_800, '3h'],
    [12_000, '3h20m'],
    [86_400, '24h'],
    [172_800, '2d'],
    [180_000, '2d2h'],
    [864_000, '10d'],
  ] as const) {
    it(`of ${seconds} seconds is ${text}`, () => {
      assert.equal(age(new Date(0).toISOString(), seconds * 1000), text);
    });
  }

  it('is unknown without a time', () => {
    assert.equal(age(null, 0), '<unknown>');
  });
});
