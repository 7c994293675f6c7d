import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { openPlace } from '../workloads/place.ts';
import { createFrom, json, statefulSet } from './place-words.ts';

describe('writing', { concurrency: 2 }, () => {
  it('patches in three ways', async (t) => {
    const place = await openPlace(t);
    await place.kubectl('create', 'configmap', 'a', '--from-literal=k=v');
    await place.kubectl(
      'patch',
      'cm',
      'a',
      '--type=json',
      '-p',
      '[{"op":"add","path":"/data/j","value":"1"}]',
    );
    await place.kubectl('patch', 'cm', 'a', '--type=merge', '-p', '{"data":{"k":null,"m":"2"}}');
    await place.kubectl('patch', 'cm', 'a', '--type=strategic', '-p', '{"data":{"s":"3"}}');
    assert.equal(
      await place.kubectl('get', 'cm', 'a', '-o', 'jsonpath={.data}'),
      '{"j":"1","m":"2","s":"3"}',
    );
    const failed = await place.tryKubectl([
      'patch',
      'cm',
      'a',
      '--type=json',
      '-p',
      '[{"op":"test","path":"/data/j","value":"9"}]',
    ]);
    assert.equal(failed.code, 1);
  });

  it('merges containers by name in a strategic patch', async (t) => {
    const place = await openPlace(t);
    await createFrom(place, statefulSet());
    const patch = { spec: { template: { spec: { containers: [{ name: 'side', image: 'y:1' }] } } } };
    await place.kubectl('patch', 'sts', 'web', '-p', JSON.stringify(patch));
    assert.equal(
      await place.kubectl('get', 'sts', 'web', '-o', 'jsonpath={.spec.template.spec.containers[*].name}'),
      'side c',
    );
  });

  it('labels, annotates and replaces', async (t) => {
    const place = await openPlace(t);
    await place.kubectl('create', 'configmap', 'a', '--from-literal=k=v');
    await place.kubectl('label', 'cm', 'a', 'x=1');
    assert.equal(
      (await place.tryKubectl(['label', 'cm', 'a', 'x=2'])).code,
      1,
      'a label is not overwritten by accident',
    );
    await place.kubectl('label', 'cm', 'a', 'x=2', '--overwrite');
    await place.kubectl('annotate', 'cm', 'a', 'note=hello');
    const object = await json<{ data: Record<string, string> }>(place, 'get', 'cm', 'a');
    object.data['k'] = 'w';
    const { code, stderr } = await place.tryKubectl(['replace', '-f', '-'], {
      input: JSON.stringify(object),
    });
    assert.equal(code, 0, stderr);
    assert.equal(
      await place.kubectl(
        'get',
        'cm',
        'a',
        '-o',
        'jsonpath={.data.k} {.metadata.labels.x} {.metadata.annotations.note}',
      ),
      'w 2 hello',
    );
  });

  it('tries a create without effect', async (t) => {
    const place = await openPlace(t);
    const tried = await json<{ metadata: { uid?: string } }>(
      place,
      'create',
      'configmap',
      'a',
      '--dry-run=server',
    );
    assert.ok(tried.metadata.uid, 'the server has answered');
    assert.equal((await place.tryKubectl(['get', 'cm', 'a'])).code, 1);
  });

  it('refuses names, duplicates and missing namespaces in the known words', async (t) => {
    const place = await openPlace(t);
    const bad = await place.tryKubectl(['create', 'configmap', 'UPPER']);
    assert.match(
      bad.stderr,
      /metadata\.name: Invalid value: "UPPER": a lowercase RFC 1123 subdomain must consist of/,
    );
    await place.kubectl('create', 'configmap', 'a');
    assert.match(
      (await place.tryKubectl(['create', 'configmap', 'a'])).stderr,
      /configmaps "a" already exists/,
    );
    const nowhere = await place.tryKubectl(['create', 'configmap', 'a', '-n', 'no-such-namespace']);
    assert.match(nowhere.stderr, /namespaces "no-such-namespace" not found/);
    assert.match((await place.tryKubectl(['get', 'cm', 'b'])).stderr, /NotFound.*configmaps "b" not found/);
  });

  it('keeps immutable configuration', async (t) => {
    const place = await openPlace(t);
    await createFrom(place, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a' },
      data: { k: 'v' },
      immutable: true,
    });
    const { code, stderr } = await place.tryKubectl([
      'patch',
      'cm',
      'a',
      '--type=merge',
      '-p',
      '{"data":{"k":"w"}}',
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /data: Forbidden: field is immutable when `immutable` is set/);
  });

  it('encodes secrets', async (t) => {
    const place = await openPlace(t);
    await createFrom(place, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's' },
      stringData: { token: 'abc' },
    });
    assert.equal(
      await place.kubectl('get', 'secret', 's', '-o', 'jsonpath={.data.token} {.type}{.stringData}'),
      'YWJj Opaque',
    );
  });
});

describe('deleting', { concurrency: 2 }, () => {
  it('waits for finalizers', async (t) => {
    const place = await openPlace(t);
    await createFrom(place, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', finalizers: ['example.com/held'] },
    });
    await place.kubectl('delete', 'cm', 'a', '--wait=false');
    assert.notEqual(
      await place.kubectl('get', 'cm', 'a', '-o', 'jsonpath={.metadata.deletionTimestamp}'),
      '',
    );
    await place.kubectl('patch', 'cm', 'a', '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
    await place.kubectl('wait', 'cm/a', '--for=delete', '--timeout=180s');
  });

  it('takes a whole selection', async (t) => {
    const place = await openPlace(t);
    for (const name of ['a', 'b', 'c']) await place.kubectl('create', 'configmap', name);
    await place.kubectl('label', 'cm', 'a', 'b', 'go=yes');
    await place.kubectl('delete', 'cm', '-l', 'go=yes');
    assert.equal((await place.tryKubectl(['get', 'cm', 'a'])).code, 1);
    await place.kubectl('get', 'cm', 'c');
  });
});
