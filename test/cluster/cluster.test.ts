import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock as clock, systemRandom as random } from '../../common/clock-system.ts';
import { connect, type KubeClient } from '../../operator/kube/client.ts';
import {
  nodes,
  pods,
  roleBindings,
  roles,
  serviceAccounts,
  type Pod,
} from '../../operator/kube/resources.ts';
import { fakeLog } from '../fakes/log.ts';
import { startCluster, type Cluster, type ClusterOptions } from './cluster.ts';
import { startDouble } from './double.ts';
import { clusterAccess } from './kubeconfig.ts';
import { startKubelet } from './kubelet/kubelet.ts';

const root = mkdtempSync(join(tmpdir(), 'cluster-test-'));
after(() => {
  rmSync(root, { recursive: true });
});

const { log } = fakeLog();
const options: ClusterOptions = {
  clock,
  random,
  log,
  workingDirectory: process.cwd(),
  path: process.env['PATH'] ?? '',
};

async function aCluster(t: TestContext, more: Partial<ClusterOptions> = {}): Promise<Cluster> {
  const cluster = await startCluster({ ...options, ...more });
  t.after(() => cluster.stop());
  return cluster;
}

const aPod = (name: string, script: string, more: object = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'main', image: 'node', args: ['-e', script], ...more }] },
});

async function until<T>(what: string, check: () => Promise<T> | T): Promise<NonNullable<T>> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const seen = await check();
    if (seen) return seen;
    assert.ok(performance.now() < deadline, what);
    await sleep(50);
  }
}

const running = (kube: KubeClient, name: string) =>
  until(`${name} runs`, async () => {
    const pod = await kube.get(pods, { namespace: 'default', name });
    return pod?.status?.containerStatuses?.[0]?.state?.running ? pod : undefined;
  });

/** The kubelet notes each process it starts. */
const notedPids = (directory: string): number[] => readdirSync(join(directory, 'node/processes')).map(Number);

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

const idle = 'setInterval(() => {}, 1000)';

describe('a pocket cluster', () => {
  it('gives each pod an address of its own, on which all can have the same port', async (t) => {
    const { kube, kubelet } = await aCluster(t);
    const script = `require('http').createServer((_, r) => r.end(process.env.HOSTNAME)).listen(5010, process.env.LINGUA_BIND_ADDRESS)`;
    const readinessProbe = { tcpSocket: { port: 5010 }, periodSeconds: 1 };
    for (const name of ['a', 'b']) await kube.create(pods, aPod(name, script, { readinessProbe }));
    for (const name of ['a', 'b']) {
      const pod = await until(`${name} is ready`, async () => {
        const found = await kube.get(pods, { namespace: 'default', name });
        return found?.status?.containerStatuses?.[0]?.ready ? found : undefined;
      });
      assert.equal(await bodyOf(`http://${pod.status!.podIP!}:5010`), name);
      assert.equal(pod.status?.hostIP, kubelet?.nodeAddress);
    }
  });

  it('lets a pod talk to the API as its ServiceAccount, with the rights that were given', async (t) => {
    const { kube } = await aCluster(t);
    const script = `const { execFile } = require('child_process');
      execFile('kubectl', ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'], (error, out) => {
        console.log(error ? error.message : out); process.exit(1);
      });`;
    const policy = { terminationMessagePolicy: 'FallbackToLogsOnError' };
    await kube.create(pods, aPod('me', script, policy));
    const message = await until('what it said', async () => {
      const pod = await kube.get(pods, { namespace: 'default', name: 'me' });
      const status = pod?.status?.containerStatuses?.[0];
      return (status?.state?.terminated ?? status?.lastState?.terminated)?.message;
    });
    assert.equal(message.trim(), 'system:serviceaccount:default:default');
  });

  it('makes a kubeconfig that has only the rights of its account', async (t) => {
    const cluster = await aCluster(t);
    const { kube } = cluster;
    const metadata = { name: 'reader', namespace: 'default' };
    await kube.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    const kubeconfig = await cluster.kubeconfigFor('system:serviceaccount:default:reader');
    const client = connect({
      kubeconfig,
      fieldManager: 'x',
      userAgent: 'x',
      requestTimeoutMs: 30_000,
      clock,
      random,
    });
    t.after(() => client.close());
    await assert.rejects(client.list(pods, { namespace: 'default' }), { code: 'forbidden' });
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }];
    await kube.create(roles, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules });
    await kube.create(roleBindings, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace: 'default' }],
    });
    assert.deepEqual((await client.list(pods, { namespace: 'default' })).items, []);
    await assert.rejects(client.list(nodes, { namespace: undefined }), { code: 'forbidden' });
    await assert.rejects(cluster.kubeconfigFor('somebody'), { code: 'config' });
  });

  it('leaves nothing behind when it stops, also of pods that do not want to end', async (t) => {
    const cluster = await aCluster(t);
    const stubborn = `process.on('SIGTERM', () => {}); require('child_process').spawn(process.execPath, ['-e', '${idle}']); ${idle}`;
    await cluster.kube.create(pods, aPod('stubborn', stubborn));
    await running(cluster.kube, 'stubborn');
    const pids = notedPids(cluster.directory);
    assert.equal(pids.length, 1);
    const began = performance.now();
    await cluster.stop();
    assert.ok(performance.now() - began < 18_000);
    assert.deepEqual(pids.filter(isAlive), []);
    assert.equal(existsSync(cluster.directory), false);
  });

  it('ends what it had started when a later part cannot start', async () => {
    const directory = join(root, 'half');
    // A file stands where the kubelet wants a directory.
    await startCluster({ ...options, directory: join(directory, 'x') }).then((cluster) => cluster.stop());
    rmSync(join(directory, 'x/node'), { recursive: true });
    writeFileSync(join(directory, 'x/node'), '');
    await assert.rejects(startCluster({ ...options, directory: join(directory, 'x') }), { code: 'ENOTDIR' });
    const server = (await clusterAccess(join(directory, 'x/admin.kubeconfig'))).server;
    await assert.rejects(fetch(server), 'nobody listens any more');
  });
});

describe('a kubelet that starts again', () => {
  it('finds its pods in the API, ends what ran before it, and counts a restart', async (t) => {
    const directory = join(root, 'again');
    const double = await startDouble({
      directory: mkdtempSync(join(root, 'api-')),
      clock,
      log,
      kubelet: () => undefined,
    });
    const access = { fieldManager: 'x', userAgent: 'x', requestTimeoutMs: 30_000, clock, random };
    const kube = connect({ kubeconfig: double.kubeconfig, ...access });
    t.after(async () => {
      await kube.close();
      await double.stop();
    });
    const cluster = await clusterAccess(double.kubeconfig);
    const node = {
      ...options,
      kube,
      cluster,
      directory,
      nodeName: 'pocket',
      images: { node: [process.execPath] },
    };
    const first = await startKubelet(node);
    await kube.create(pods, aPod('p', idle));
    const before = await running(kube, 'p');
    await first.stop();
    assert.equal(first.processCount, 0);

    const second = await startKubelet(node);
    t.after(() => second.stop());
    const after = await until('the pod runs again', async () => {
      const pod = await kube.get(pods, { namespace: 'default', name: 'p' });
      return pod?.status?.containerStatuses?.[0]?.restartCount === 1 ? await running(kube, 'p') : undefined;
    });
    assert.equal(after.metadata.uid, before.metadata.uid);
    assert.equal(
      after.status?.containerStatuses?.[0]?.lastState?.terminated?.reason,
      'ContainerStatusUnknown',
    );
    assert.equal(second.processCount, 1);
  });

  it('may follow one that was killed, whose processes are ended', async () => {
    const directory = join(root, 'killed');
    const first = spawnMain(directory);
    const kubeconfig = await first.kubeconfig;
    const kube = connect({
      kubeconfig,
      fieldManager: 'x',
      userAgent: 'x',
      requestTimeoutMs: 30_000,
      clock,
      random,
    });
    await kube.create(pods, aPod('p', idle));
    await running(kube, 'p');
    await kube.close();
    const [pid] = notedPids(directory);
    first.child.kill('SIGKILL');
    await first.exited;
    await until('its process has ended too', () => !isAlive(pid!));

    const second = spawnMain(directory);
    await second.kubeconfig;
    second.child.kill('SIGINT');
    assert.equal(await second.exited, 0);
  });
});

/** The program, as a person starts it. */
function spawnMain(directory: string) {
  const child = spawn(process.execPath, ['test/cluster/main.ts', '--directory', directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const kubeconfig = new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (data: Buffer) => {
      text += data.toString();
      const [, file] = /^KUBECONFIG=(.*)$/m.exec(text) ?? [];
      if (file !== undefined) resolve(file);
    });
    void exited.then((code) => {
      reject(new Error(`it ended with ${String(code)}: ${text}`));
    });
  });
  return { child, exited, kubeconfig };
}

function bodyOf(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, (response) => {
      let text = '';
      response.on('data', (data: Buffer) => (text += data.toString()));
      response.on('end', () => {
        resolve(text);
      });
    }).once('error', reject);
  });
}
