import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { describe, it } from 'node:test';
import { eventually, openPlace } from '../workloads/place.ts';
import { createFrom, json } from './place-words.ts';

interface Listed {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly { metadata: { name: string } }[];
}

const namesOf = ({ items }: Listed): string[] => items.map(({ metadata }) => metadata.name);

describe('reading', { concurrency: 2 }, () => {
  it('selects by label, by field and in pages', async (t) => {
    const place = await openPlace(t);
    for (const name of ['a', 'b', 'c']) await place.kubectl('create', 'configmap', name);
    await place.kubectl('label', 'configmap', 'a', 'b', 'tier=front');
    await place.kubectl('label', 'configmap', 'b', 'app=db');
    const get = async (...args: string[]) =>
      namesOf(await json<Listed>(place, 'get', 'configmaps', ...args)).filter((name) => name.length === 1);
    assert.deepEqual(await get('-l', 'tier=front'), ['a', 'b']);
    assert.deepEqual(await get('-l', 'tier in (front),!app'), ['a']);
    assert.deepEqual(await get('--field-selector', 'metadata.name!=b'), ['a', 'c']);
    assert.deepEqual(await get('--chunk-size=1'), ['a', 'b', 'c']);
  });

  it('shows objects in the forms kubectl knows', async (t) => {
    const place = await openPlace(t);
    await place.kubectl('create', 'configmap', 'a', '--from-literal=k=v');
    assert.equal(await place.kubectl('get', 'configmap', 'a', '-o', 'name'), 'configmap/a\n');
    assert.equal(await place.kubectl('get', 'cm', 'a', '-o', 'jsonpath={.data.k}'), 'v');
    assert.equal(
      await place.kubectl('get', 'cm', 'a', '-o', 'custom-columns=N:.metadata.name', '--no-headers'),
      'a\n',
    );
    assert.match(await place.kubectl('get', 'cm', 'a', '-o', 'yaml'), /^data:\n {2}k: v$/m);
    assert.match(await place.kubectl('get', 'cm', 'a'), /^NAME\s+DATA\s+AGE\na\s+1\s+\d+s\n$/);
    assert.match(await place.kubectl('describe', 'cm', 'a'), /Name:\s+a/);
  });

  it('follows changes while they happen', async (t) => {
    const place = await openPlace(t);
    const home = dirname(place.target.kubeconfig);
    const env = { PATH: process.env['PATH'], HOME: home, KUBECONFIG: place.target.kubeconfig };
    const watching = spawn('kubectl', ['-n', place.namespace, 'get', 'cm', '-w', '-o', 'name'], { env });
    t.after(() => watching.kill());
    let seen = '';
    watching.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    // Until a first object is seen the watch may not have begun.
    await place.kubectl('create', 'configmap', 'first');
    await eventually('the first object', () => Promise.resolve(seen.includes('configmap/first')));
    await place.kubectl('create', 'configmap', 'second');
    await place.kubectl('label', 'configmap', 'second', 'x=y');
    await eventually('both changes', () => Promise.resolve(seen.split('configmap/second').length >= 3));
    watching.kill();
    await once(watching, 'close');
  });

  it('resumes a watch where it ended, and never leaves out what it does not know any more', async (t) => {
    const place = await openPlace(t);
    const path = `/api/v1/namespaces/${place.namespace}/configmaps`;
    const before = await json<Listed>(place, 'get', 'configmaps');
    await place.kubectl('create', 'configmap', 'later');
    const events = await place.kubectl(
      'get',
      '--raw',
      `${path}?watch=1&timeoutSeconds=1&resourceVersion=${before.metadata.resourceVersion}`,
    );
    assert.match(events, /"type":"ADDED".*"name":"later"/);
    const gone = await place.kubectl('get', '--raw', `${path}?watch=1&timeoutSeconds=1&resourceVersion=1`);
    // How far back a server remembers is its own affair; where it does not, it must say so.
    assert.match(gone, /"type":"ERROR".*"code":410|"type":"ADDED".*"name":"later"/);
  });

  it('names every resource it serves', async (t) => {
    const place = await openPlace(t);
    const names = await place.kubectl('api-resources', '-o', 'name');
    for (const name of [
      'pods',
      'statefulsets.apps',
      'leases.coordination.k8s.io',
      'poddisruptionbudgets.policy',
      'customresourcedefinitions.apiextensions.k8s.io',
    ]) {
      assert.ok(names.split('\n').includes(name), name);
    }
    assert.match(
      await place.kubectl('explain', 'statefulset.spec.updateStrategy.rollingUpdate'),
      /partition\s+<integer>/,
    );
  });

  it('finds events of both groups under one roof', async (t) => {
    const place = await openPlace(t);
    await place.kubectl('create', 'configmap', 'about');
    const { code, stderr } = await createFrom(place, {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { generateName: 'e-' },
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'conformance',
      reportingInstance: 'one',
      action: 'Testing',
      reason: 'Because',
      type: 'Normal',
      note: 'it happened',
      regarding: { apiVersion: 'v1', kind: 'ConfigMap', name: 'about', namespace: place.namespace },
    });
    assert.equal(code, 0, stderr);
    const core = await place.kubectl(
      'get',
      'events',
      '--field-selector',
      'involvedObject.name=about',
      '-o',
      'jsonpath={.items[0].message}',
    );
    assert.equal(core, 'it happened');
    assert.match(await place.kubectl('events', '--for', 'configmap/about'), /Because.*it happened/);
  });
});
