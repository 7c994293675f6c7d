/** A `v1` List is no kind of the server: kubectl takes it apart, after it has checked the whole by OpenAPI v2 itself. */
import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { openPlace, type Place } from '../workloads/place.ts';
import { statefulSet } from './place-words.ts';

const configMap = (name: string, more: object = { data: { key: 'value' } }) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...more,
});

const apply = (place: Place, items: readonly object[], ...how: string[]) =>
  place.tryKubectl(['apply', '--validate=strict', ...how, '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  });

/** Every shape that a schema has: maps, lists of objects, references, numbers, a number or a word, any document. */
const varied = [
  configMap('first'),
  statefulSet(
    { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } },
    {
      ports: [{ name: 'web', containerPort: 80 }],
      readinessProbe: { httpGet: { path: '/', port: 'web' } },
      resources: { limits: { cpu: 1, memory: '64Mi' } },
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    },
  ),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
  },
];

describe('a list', { concurrency: 2 }, () => {
  for (const how of [[], ['--server-side']]) {
    it(`is applied object by object, ${how.length === 0 ? 'client-side' : 'server-side'}`, async (t) => {
      const place = await openPlace(t);
      const { code, stderr } = await apply(place, varied, ...how);
      assert.equal(code, 0, stderr);
      const names = await place.kubectl(
        'get',
        'configmap/first',
        'statefulset/web',
        'service/web',
        '-o',
        'name',
      );
      assert.equal(names.trim().split('\n').length, 3);
    });
  }

  it('is refused whole for a field that one of its objects does not have', async (t) => {
    const place = await openPlace(t);
    const { code, stderr } = await apply(place, [configMap('good'), configMap('bad', { dat: { key: 'v' } })]);
    assert.equal(code, 1);
    assert.match(stderr, /error validating data: ValidationError\(ConfigMap\): unknown field "dat" in /);
    assert.equal((await place.tryKubectl(['get', 'configmap', 'good'])).code, 1);
  });

  it('is refused for a wrong type, and for what is missing', async (t) => {
    const place = await openPlace(t);
    const set = statefulSet({ replicas: 'three', selector: undefined });
    const { code, stderr } = await apply(place, [set]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /StatefulSet\.spec\.replicas\): invalid type for .*: got "string", expected "integer"/,
    );
    assert.match(stderr, /StatefulSet\.spec\): missing required field "selector" in /);
  });
});
