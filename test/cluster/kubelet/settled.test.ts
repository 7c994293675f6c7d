/** A kubelet has nothing to say about a pod that stays as it is, however late its own reports come back to it. */
import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Clock } from '../../../common/clock.ts';
import { systemClock, systemRandom as random } from '../../../common/clock-system.ts';
import { connect, type KubeClient } from '../../../operator/kube/client.ts';
import { pods, type Pod } from '../../../operator/kube/resources.ts';
import { eventually } from '../../support/eventually.ts';
import { fakeLog } from '../../fakes/log.ts';
import { startDouble } from '../double.ts';
import { clusterAccess } from '../kubeconfig.ts';
import { startKubelet } from './kubelet.ts';

const { log } = fakeLog();

const idle = 'setInterval(() => {}, 1000)';

const aPod = (name: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: {
    containers: [
      {
        name: 'main',
        image: 'node',
        args: ['-e', idle],
        readinessProbe: { exec: { command: ['true'] }, periodSeconds: 1 },
      },
    ],
  },
});

interface Node {
  readonly kube: KubeClient;
  /** What the kubelet wrote to a pod's status, as it was answered. */
  readonly reports: (name: string) => Pod[];
  /** From now on its watch of its own pods tells nothing of what changes; `hear` tells it all at once. */
  readonly holdBack: () => void;
  readonly hear: () => void;
  readonly later: (ms: number) => void;
}

async function aNode(t: TestContext): Promise<Node> {
  const directory = mkdtempSync(join(tmpdir(), 'settled-'));
  let laterByMs = 0;
  const clock: Clock = { ...bound(systemClock), now: () => systemClock.now() + laterByMs };
  const double = await startDouble({ directory, clock, log, kubelet: () => undefined });
  const client = () =>
    connect({
      kubeconfig: double.kubeconfig,
      fieldManager: 'test',
      userAgent: 'test',
      requestTimeoutMs: 30_000,
      clock,
      random,
    });
  const [kube, its] = [client(), client()];
  const reports: Pod[] = [];
  const gate = new Gate();
  const kubelet = await startKubelet({
    kube: overheard(its, gate, reports),
    cluster: await clusterAccess(double.kubeconfig),
    directory: join(directory, 'node'),
    images: { node: [process.execPath] },
    nodeName: 'pocket',
    workingDirectory: process.cwd(),
    path: process.env['PATH'] ?? '',
    ...{ clock, random, log },
  });
  t.after(async () => {
    gate.open();
    await kubelet.stop();
    await Promise.all([kube.close(), its.close()]);
    await double.stop();
    rmSync(directory, { recursive: true });
  });
  return {
    kube,
    reports: (name) => reports.filter(({ metadata }) => metadata.name === name),
    holdBack: () => {
      gate.close();
    },
    hear: () => {
      gate.open();
    },
    later: (ms) => (laterByMs += ms),
  };
}

const bound = (clock: Clock): Clock => ({
  now: () => clock.now(),
  monotonic: () => clock.monotonic(),
  after: (...args) => clock.after(...args),
  sleep: (...args) => clock.sleep(...args),
});

class Gate {
  opened: Promise<unknown> = Promise.resolve();
  open: () => void = () => undefined;

  close(): void {
    this.opened = new Promise((resolve) => {
      this.open = () => {
        resolve(undefined);
      };
    });
  }
}

/** A client whose watch of the pods of one node waits at a gate with what changes, and whose reports on pods are noted. */
function overheard(kube: KubeClient, gate: Gate, reports: Pod[]): KubeClient {
  return new Proxy(kube, {
    get(target, property) {
      if (property === 'watch') {
        return async function* (...args: Parameters<KubeClient['watch']>) {
          const isOfNode = (args[1].fieldSelector ?? '').startsWith('spec.nodeName=pocket');
          for await (const event of target.watch(...args)) {
            if (isOfNode && event.type === 'MODIFIED') await gate.opened;
            yield event;
          }
        };
      }
      if (property === 'subresource') {
        return async (request: Parameters<KubeClient['subresource']>[0]) => {
          const answer = await target.subresource(request);
          if (request.resource.plural === 'pods' && request.subresource === 'status')
            reports.push(answer as Pod);
          return answer;
        };
      }
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

const ready = (kube: KubeClient, name: string): Promise<Pod> =>
  eventually(
    `${name} is ready`,
    async () => {
      const pod = await kube.get(pods, { namespace: 'default', name });
      const isReady = pod?.status?.conditions?.some(
        ({ type, status }) => type === 'Ready' && status === 'True',
      );
      return isReady ? pod : undefined;
    },
    30_000,
  );

describe('a pod that stays as it is', () => {
  it('is not written to when the watch tells late what was said of it', async (t) => {
    const { kube, reports, holdBack, hear, later } = await aNode(t);
    holdBack();
    await kube.create(pods, aPod('settled'));
    const settled = await ready(kube, 'settled');
    const said = reports('settled').length;
    later(60_000);
    hear();
    // Heard after all that was held back, and another pod comes up: everything that is said of the first was said before.
    await kube.create(pods, aPod('another'));
    await ready(kube, 'another');
    assert.deepEqual(reports('settled').slice(said), []);
    assert.deepEqual(await kube.get(pods, { namespace: 'default', name: 'settled' }), settled);
  });
});
