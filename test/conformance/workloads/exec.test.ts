/** What kubectl does in a container that runs: a command with its streams and its end, and a request to a port of the pod. */
import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { roleBindings, roles, serviceAccounts } from '../../../operator/kube/resources.ts';
import { target } from '../target.ts';
import { eventually, idle, isReady, openPlace, type Place } from './place.ts';

const { lacks, kind } = await target();

/** kubectl has asked for WebSockets by itself since 1.31. */
async function running(t: Parameters<typeof openPlace>[0], script = idle): Promise<Place> {
  const place = await openPlace(t);
  await place.runPod('p', [place.container(script, { env: [{ name: 'WHO', value: 'me' }] })]);
  await eventually('the pod is ready', async () => isReady(await place.pod('p')));
  return place;
}

describe('a command in a container', { concurrency: true, skip: lacks.logs }, () => {
  it('has the variables of the container, and two streams of output', async (t) => {
    const place = await running(t);
    const script = `console.log('I am ' + process.env.WHO); console.error('and complain')`;
    const { code, stdout, stderr } = await place.tryKubectl(['exec', 'p', '--', 'node', '-e', script]);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, 'I am me\n');
    assert.equal(stderr, 'and complain\n');
  });

  it('ends with its own code', async (t) => {
    const place = await running(t);
    const { code, stderr } = await place.tryKubectl(['exec', 'p', '--', 'node', '-e', 'process.exit(7)']);
    assert.equal(code, 7);
    assert.match(stderr, /command terminated with exit code 7/);
  });

  it('reads what it is given, to the end, and loses nothing of what it says', async (t) => {
    const place = await running(t);
    const input = 'line\n'.repeat(100_000);
    const script = 'process.stdin.pipe(process.stdout)';
    const { stdout } = await place.tryKubectl(['exec', '-i', 'p', '--', 'node', '-e', script], { input });
    assert.ok(stdout === input, `${String(stdout.length)} of ${String(input.length)} bytes`);
  });

  it('that is not there is an error, as is a container that does not run', async (t) => {
    const place = await running(t);
    assert.notEqual((await place.tryKubectl(['exec', 'p', '--', 'nothing-of-that-name'])).code, 0);
    await place.runPod('ended', [place.container('')], { restartPolicy: 'Never' });
    await eventually('it has ended', async () => (await place.pod('ended'))?.status?.phase === 'Succeeded');
    assert.notEqual((await place.tryKubectl(['exec', 'ended', '--', 'node', '-v'])).code, 0);
  });

  it('needs a right of its own', async (t) => {
    const place = await running(t);
    const metadata = { name: 'anna', namespace: place.namespace };
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }];
    await place.kube.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    await place.kube.create(roles, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata,
      rules,
    });
    await place.kube.create(roleBindings, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'anna' },
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    });
    const kubeconfig = await place.target.kubeconfigFor(`system:serviceaccount:${place.namespace}:anna`);
    const { code, stderr } = await place.tryKubectl(['exec', 'p', '--', 'node', '-v'], { kubeconfig });
    assert.equal(code, 1);
    assert.match(stderr, /cannot (get|create) resource "pods\/exec" in API group ""/);
  });
});

describe(
  'a request to a port of a pod',
  { skip: lacks.endpoints || (kind === 'external' && 'pods may be out of reach') },
  () => {
    it('is made by the API server', async (t) => {
      const serve = `
      const host = process.env.LINGUA_BIND_ADDRESS;
      require('http').createServer((request, response) => response.end('you asked for ' + request.url)).listen(5010, host);
      process.on('SIGTERM', () => process.exit(0));`;
      const place = await running(t, serve);
      const path = `/api/v1/namespaces/${place.namespace}/pods/p:5010/proxy/a/b?c=d`;
      const ask = () => place.tryKubectl(['get', '--raw', path]);
      await eventually('it answers', async () => (await ask()).code === 0);
      assert.equal((await ask()).stdout, 'you asked for /a/b?c=d');
    });
  },
);
