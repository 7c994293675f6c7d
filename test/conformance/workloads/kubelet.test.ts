import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { configMaps, secrets, type Pod } from '../../../operator/kube/resources.ts';
import { target } from '../target.ts';
import { eventually, idle, isReady, openPlace, type Container, type Place } from './place.ts';
import { ended, eventsOf, main, waitFor } from './pod-status.ts';

const { lacks } = await target();

/** What a container says ends up in its termination message, which needs no log server. */
const talkative = { terminationMessagePolicy: 'FallbackToLogsOnError' } as const;

const say = (expression: string) => `console.log(JSON.stringify(${expression})); process.exitCode = 1;`;

/** Runs a container once and answers what it said. */
async function told(
  place: Place,
  container: Container,
  more: Partial<NonNullable<Pod['spec']>> = {},
): Promise<unknown> {
  await place.runPod('told', [{ ...container, ...talkative }], { restartPolicy: 'Never', ...more });
  const pod = await waitFor(place, 'told', 'has ended', (one) => ended(one) !== undefined);
  return JSON.parse(ended(pod)?.message ?? 'null');
}

const map = (place: Place, data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'map', namespace: place.namespace },
  data,
});

describe('what a container is given', { concurrency: true, skip: lacks.pods }, () => {
  it('are variables from values, fields, ConfigMaps and Secrets', async (t) => {
    const place = await openPlace(t);
    await place.kube.create(configMaps, map(place, { key: 'from map', other: 'x' }));
    const metadata = { name: 'secret', namespace: place.namespace };
    await place.kube.create(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      stringData: { password: 's3' },
    });
    const container = place.container(
      say('[process.env.A, process.env.NAME, process.env.MAP, process.env.SECRET, process.env.ALL_other]'),
      {
        envFrom: [{ prefix: 'ALL_', configMapRef: { name: 'map' } }],
        env: [
          { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'A', value: '<$(NAME)> $$(NAME) $(NONE)' },
          { name: 'MAP', valueFrom: { configMapKeyRef: { name: 'map', key: 'key' } } },
          { name: 'SECRET', valueFrom: { secretKeyRef: { name: 'secret', key: 'password' } } },
        ],
      },
    );
    assert.deepEqual(await told(place, container), ['<told> $(NAME) $(NONE)', 'told', 'from map', 's3', 'x']);
  });

  it('are arguments with variables in them', async (t) => {
    const place = await openPlace(t);
    const container = place.container('', { env: [{ name: 'WHO', value: 'me' }] });
    const script = `console.log(JSON.stringify(process.argv.slice(1))); process.exitCode = 1;`;
    const said = await told(place, {
      ...container,
      command: ['node'],
      args: ['-e', script, '--', 'I am $(WHO)'],
    });
    assert.deepEqual(said, ['I am me']);
  });

  it('are files of a ConfigMap, and the new ones after it changed', async (t) => {
    const place = await openPlace(t);
    await place.kube.create(configMaps, map(place, { a: 'old' }));
    const script = `
      const timer = setInterval(() => {
        if (require('fs').readFileSync('/etc/map/a', 'utf8') === 'new') process.exit(0);
      }, 100);`;
    const container = place.container(script, { volumeMounts: [{ name: 'map', mountPath: '/etc/map' }] });
    await place.runPod('reader', [container], {
      restartPolicy: 'Never',
      volumes: [{ name: 'map', configMap: { name: 'map' } }],
    });
    await waitFor(place, 'reader', 'runs', (pod) => pod.status?.phase === 'Running');
    await place.kube.patch(configMaps, { namespace: place.namespace, name: 'map' }, { data: { a: 'new' } });
    // A real kubelet looks at its volumes about once a minute.
    await waitFor(place, 'reader', 'has read it', (pod) => pod.status?.phase === 'Succeeded', 120_000);
  });

  it('is a token of its ServiceAccount in a projected volume', async (t) => {
    const place = await openPlace(t);
    const script = say(
      `JSON.parse(Buffer.from(require('fs').readFileSync('/token/t', 'utf8').split('.')[1], 'base64url')).sub`,
    );
    const container = place.container(script, { volumeMounts: [{ name: 'token', mountPath: '/token' }] });
    const projected = { sources: [{ serviceAccountToken: { path: 't', audience: 'me' } }] };
    const said = await told(place, container, { volumes: [{ name: 'token', projected }] });
    assert.equal(said, `system:serviceaccount:${place.namespace}:default`);
  });

  it('waits for a ConfigMap that is not there, says so, and starts when it comes', async (t) => {
    const place = await openPlace(t);
    const container = place.container(idle, { volumeMounts: [{ name: 'map', mountPath: '/etc/map' }] });
    await place.runPod('waiting', [container], { volumes: [{ name: 'map', configMap: { name: 'map' } }] });
    await eventually('the event', async () =>
      (await eventsOf(place, 'FailedMount')).includes('configmap "map" not found'),
    );
    const pod = await place.pod('waiting');
    assert.equal(pod?.status?.phase, 'Pending');
    assert.equal(main(pod)?.state?.waiting?.reason, 'ContainerCreating');
    await place.kube.create(configMaps, map(place, { a: 'x' }));
    await waitFor(place, 'waiting', 'is ready', isReady, 150_000);
  });

  it('waits for a key that a variable names', async (t) => {
    const place = await openPlace(t);
    const env = [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'map', key: 'k' } } }];
    await place.runPod('waiting', [place.container(idle, { env })]);
    const reason = (pod: Pod) => main(pod)?.state?.waiting?.reason === 'CreateContainerConfigError';
    await waitFor(place, 'waiting', 'says why', reason);
    await place.kube.create(configMaps, map(place, { k: 'x' }));
    await waitFor(place, 'waiting', 'is ready', isReady);
  });
});

describe('the life of a pod', { concurrency: true, skip: lacks.pods }, () => {
  it('begins with its init containers, one after another', async (t) => {
    const place = await openPlace(t);
    const append = (word: string) => `require('fs').appendFileSync('/shared/order', '${word} ')`;
    const mounted = { volumeMounts: [{ name: 'shared', mountPath: '/shared' }] };
    const init = ['one', 'two'].map((name) => ({ ...place.container(append(name), mounted), name }));
    const container = place.container(say(`require('fs').readFileSync('/shared/order', 'utf8')`), mounted);
    const said = await told(place, container, {
      initContainers: init,
      volumes: [{ name: 'shared', emptyDir: {} }],
    });
    assert.equal(said, 'one two ');
    const pod = await place.pod('told');
    assert.deepEqual(
      pod?.status?.initContainerStatuses?.map(({ state }) => state?.terminated?.exitCode),
      [0, 0],
    );
  });

  it('ends Succeeded or Failed when nothing is restarted', async (t) => {
    const place = await openPlace(t);
    await place.runPod('good', [place.container('')], { restartPolicy: 'Never' });
    await place.runPod('bad', [place.container('process.exit(7)')], { restartPolicy: 'Never' });
    const good = await waitFor(place, 'good', 'has ended', (pod) => pod.status?.phase === 'Succeeded');
    assert.equal(ended(good)?.reason, 'Completed');
    const bad = await waitFor(place, 'bad', 'has ended', (pod) => pod.status?.phase === 'Failed');
    assert.deepEqual([ended(bad)?.exitCode, ended(bad)?.reason], [7, 'Error']);
  });

  it('counts restarts, keeps the last state, and backs off from a crash loop', async (t) => {
    const place = await openPlace(t);
    const container = place.container(`console.error('boom'); process.exit(3)`, talkative);
    await place.runPod('crash', [container]);
    const waiting = (pod: Pod) => main(pod)?.state?.waiting?.reason === 'CrashLoopBackOff';
    const pod = await waitFor(place, 'crash', 'backs off', waiting, 60_000);
    assert.equal(pod.status?.phase, 'Running');
    assert.ok((main(pod)?.restartCount ?? 0) >= 1);
    assert.equal(main(pod)?.lastState?.terminated?.exitCode, 3);
    assert.match(main(pod)?.lastState?.terminated?.message ?? '', /boom/);
    await eventually('the event', async () =>
      (await eventsOf(place, 'BackOff')).includes('restarting failed container'),
    );
  });

  it('tells a program that does not exist from one that fails', async (t) => {
    const place = await openPlace(t);
    await place.runPod('lost', [{ ...place.container(''), command: ['no-such-program'] }], {
      restartPolicy: 'Never',
    });
    const pod = await waitFor(place, 'lost', 'has ended', (one) => ended(one) !== undefined);
    assert.deepEqual([ended(pod)?.exitCode, ended(pod)?.reason], [128, 'StartError']);
  });

  it('does not start with an image that cannot be had', async (t) => {
    const place = await openPlace(t);
    await place.runPod('pull', [{ ...place.container(idle), image: 'no-such-image.invalid/x:1' }]);
    const failed = (pod: Pod) =>
      /ErrImagePull|ImagePullBackOff/.test(main(pod)?.state?.waiting?.reason ?? '');
    const pod = await waitFor(place, 'pull', 'says why', failed);
    assert.equal(pod.status?.phase, 'Pending');
  });
});

describe('probes', { concurrency: true, skip: lacks.pods }, () => {
  const answer = (code: string) => `
    const { createServer } = require('http');
    process.on('SIGTERM', () => process.exit(0));
    const from = Date.now();
    createServer((_, response) => { response.statusCode = ${code}; response.end(); })
      .listen(8080, process.env.LINGUA_BIND_ADDRESS);`;
  const http = { httpGet: { port: 'http', path: '/' }, periodSeconds: 1 };
  const served = { ports: [{ name: 'http', containerPort: 8080 }] };

  it('make a pod ready and unready', async (t) => {
    const place = await openPlace(t);
    const script = answer('Date.now() - from > 3000 && Date.now() - from < 20_000 ? 200 : 503');
    await place.runPod('web', [
      place.container(script, { ...served, readinessProbe: { ...http, failureThreshold: 1 } }),
    ]);
    await waitFor(place, 'web', 'runs', (pod) => pod.status?.phase === 'Running');
    assert.equal(isReady(await place.pod('web')), false);
    await waitFor(place, 'web', 'is ready', isReady);
    const pod = await waitFor(place, 'web', 'is not ready any more', (one) => !isReady(one));
    assert.equal(main(pod)?.restartCount, 0);
  });

  it('restart a container that is not alive, after it was asked to end', async (t) => {
    const place = await openPlace(t);
    const script = `${answer('500')} process.removeAllListeners('SIGTERM'); process.on('SIGTERM', () => process.exit(5));`;
    const livenessProbe = { ...http, failureThreshold: 2, initialDelaySeconds: 1 };
    await place.runPod('web', [place.container(script, { ...served, livenessProbe })]);
    const pod = await waitFor(place, 'web', 'was restarted', (one) => (main(one)?.restartCount ?? 0) > 0);
    assert.equal(main(pod)?.lastState?.terminated?.exitCode, 5);
    const told = (reason: string, text: string) =>
      eventually(`the event ${reason}`, async () => (await eventsOf(place, reason)).includes(text));
    await told('Killing', 'failed liveness probe, will be restarted');
    await told('Unhealthy', 'Liveness probe failed');
  });

  it('hold back readiness and liveness until the container has started', async (t) => {
    const place = await openPlace(t);
    const container = place.container(answer('Date.now() - from > 3000 ? 200 : 503'), {
      ...served,
      startupProbe: { ...http, failureThreshold: 30 },
      livenessProbe: { ...http, failureThreshold: 1 },
    });
    await place.runPod('web', [container]);
    const pod = await waitFor(place, 'web', 'has started', (one) => main(one)?.started === true);
    assert.equal(main(pod)?.restartCount, 0);
    await waitFor(place, 'web', 'is ready', isReady);
  });

  it('connect, and run commands', async (t) => {
    const place = await openPlace(t);
    const exec = {
      exec: { command: ['node', '-e', 'process.exit(process.env.FAIL ? 1 : 0)'] },
      periodSeconds: 1,
      timeoutSeconds: 5,
    };
    const tcp = { tcpSocket: { port: 8080 }, periodSeconds: 1 };
    const fails = { env: [{ name: 'FAIL', value: '1' }] };
    await place.runPod('tcp', [place.container(answer('500'), { ...served, readinessProbe: tcp })]);
    await place.runPod('exec', [place.container(idle, { readinessProbe: exec })]);
    await place.runPod('fails', [place.container(idle, { readinessProbe: exec, ...fails })]);
    await waitFor(place, 'tcp', 'is ready', isReady);
    await waitFor(place, 'exec', 'is ready', isReady);
    await eventually('the failed probe', async () =>
      (await eventsOf(place, 'Unhealthy')).includes('Readiness probe failed'),
    );
    assert.equal(isReady(await place.pod('fails')), false);
  });
});

describe('the log of a container', { skip: lacks.logs }, () => {
  it('is what it wrote, now and in the run before', async (t) => {
    const place = await openPlace(t);
    const script = `console.log('first'); console.error('second'); setTimeout(() => process.exit(1), 500);`;
    await place.runPod('p', [place.container(script)]);
    await waitFor(place, 'p', 'was restarted', (pod) => (main(pod)?.restartCount ?? 0) > 0);
    assert.equal(await place.kubectl('logs', 'p', '--previous'), 'first\nsecond\n');
    assert.equal(await place.kubectl('logs', 'p', '--previous', '--tail=1'), 'second\n');
  });
});
