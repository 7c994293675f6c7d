import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { covers, difference } from './difference.ts';

const dns = [
  { port: 53, protocol: 'UDP' },
  { port: 53, protocol: 'TCP' },
];

describe('a live object covers a wish', () => {
  const covered: [string, unknown, unknown][] = [
    ['with more fields', { a: 1, b: 2 }, { a: 1 }],
    [
      'with a list in another order, merged by name',
      {
        env: [
          { name: 'b', value: '2' },
          { name: 'a', value: '1' },
        ],
      },
      { env: [{ name: 'a', value: '1' }] },
    ],
    [
      'with more in a list merged by key',
      { volumes: [{ name: 'mine' }, { name: 'a' }] },
      { volumes: [{ name: 'a' }] },
    ],
    [
      'with defaults in the items of a list',
      { spec: { ports: [{ name: 'http', port: 80, nodePort: 31000 }] } },
      { spec: { ports: [{ name: 'http', port: 80 }] } },
    ],
    [
      'with one port for two protocols in the rule of a NetworkPolicy',
      { spec: { egress: [{ ports: dns }] } },
      { spec: { egress: [{ ports: dns }] } },
    ],
    ['with nothing where nothing is wished', {}, { annotations: {}, tolerations: [], note: undefined }],
    [
      'with an emptyDir',
      { volumes: [{ name: 'tmp', emptyDir: {} }] },
      { volumes: [{ name: 'tmp', emptyDir: {} }] },
    ],
  ];
  for (const [how, live, wish] of covered) {
    it(how, () => {
      assert.equal(difference(live, wish), undefined);
    });
  }
});

describe('the first field that differs is named', () => {
  const differing: [string, unknown, unknown, string][] = [
    ['a value', { spec: { replicas: 3 } }, { spec: { replicas: 2 } }, 'spec.replicas'],
    ['a missing field', { spec: {} }, { spec: { replicas: 0 } }, 'spec.replicas'],
    ['a number that became a string', { port: '80' }, { port: 80 }, 'port'],
    ['a shorter list that is a whole', { args: ['a'] }, { args: ['a', 'b'] }, 'args'],
    [
      'a port that somebody else has let through',
      { spec: { egress: [{ ports: [...dns, { port: 22, protocol: 'TCP' }] }] } },
      { spec: { egress: [{ ports: dns }] } },
      'spec.egress[0].ports',
    ],
    ['a longer list that is a whole', { args: ['a', 'b'] }, { args: ['a'] }, 'args'],
    ['the order of a list that is a whole', { args: ['b', 'a'] }, { args: ['a', 'b'] }, 'args[0]'],
    ['a missing item', { env: [{ name: 'b', value: '1' }] }, { env: [{ name: 'a', value: '1' }] }, 'env[a]'],
    [
      'a value in an item',
      { containers: [{ name: 's', image: 'x' }] },
      { containers: [{ name: 's', image: 'y' }] },
      'containers[s].image',
    ],
    ['an object instead of a value', { a: 1 }, { a: { b: 1 } }, 'a'],
    ['a list instead of an object', { a: [] }, { a: { b: 1 } }, 'a'],
    ['null instead of a list', { a: null }, { a: ['x'] }, 'a'],
  ];
  for (const [what, live, wish, path] of differing) {
    it(what, () => {
      assert.equal(difference(live, wish), path);
      assert.ok(!covers(live, wish));
    });
  }

  it('with its whole path', () => {
    const live = {
      spec: { template: { spec: { containers: [{ name: 's', env: [{ name: 'A', value: '1' }] }] } } },
    };
    const wish = structuredClone(live);
    wish.spec.template.spec.containers[0]!.env[0]!.value = '2';
    assert.equal(difference(live, wish), 'spec.template.spec.containers[s].env[A].value');
  });
});
