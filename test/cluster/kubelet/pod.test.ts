import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import type { ConfigMap, Pod, Secret } from '../../../operator/kube/resources.ts';
import { launchOf } from './command.ts';
import { environmentOf } from './environment.ts';
import { volumeContent, type Volume } from './files.ts';
import { podStatus, type ContainerStatus, type PodFacts } from './pod-status.ts';
import { restartDelayMs, shouldRestart } from './restart.ts';
import { accountVolume, withAccountVolume } from './service-account.ts';

type Container = NonNullable<Pod['spec']>['containers'][number];

const placement = { podIP: '127.64.0.2', hostIP: '127.64.0.1' };

function aPod(spec: Partial<NonNullable<Pod['spec']>> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-0', namespace: 'ns', uid: 'u', labels: { b: '2', a: 'x "y"' } },
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  };
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

const map: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'map' },
  data: { k: 'v', k2: 'v2' },
  binaryData: { bin: base64('\u0000\u0001') },
};
const secret: Secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'secret' },
  data: { password: base64('p w') },
};
const sources = {
  configMap: (_namespace: string, name: string) => (name === 'map' ? map : undefined),
  secret: (_namespace: string, name: string) => (name === 'secret' ? secret : undefined),
  claimDirectory: () => undefined,
};

const environment = (container: Partial<Container>, pod = aPod()) =>
  environmentOf(pod, { name: 'c', ...container }, placement, sources);

describe('the environment of a container', () => {
  it('takes bulk sources first, and later variables see and replace earlier ones', () => {
    const found = environment({
      envFrom: [{ configMapRef: { name: 'map' }, prefix: 'P_' }, { secretRef: { name: 'secret' } }],
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '$(A)$(P_k)$(LATER)' },
        { name: 'A', value: '$(A)2' },
        { name: 'LATER', value: 'x' },
      ],
    });
    assert.deepEqual(found, {
      variables: { P_k: 'v', P_k2: 'v2', password: 'p w', A: '12', B: '1v$(LATER)', LATER: 'x' },
    });
  });

  it('knows the pod, its address and its resources', () => {
    const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
    const resource = (name: string, of: string, divisor?: string) => ({
      name,
      valueFrom: { resourceFieldRef: { resource: of, ...(divisor ? { divisor } : {}) } },
    });
    const container: Container = {
      name: 'c',
      resources: { limits: { memory: '1Gi', cpu: '1500m' }, requests: { cpu: '100m' } },
      env: [
        field('NAME', 'metadata.name'),
        field('IP', 'status.podIP'),
        field('LABEL', "metadata.labels['b']"),
        resource('MEMORY', 'limits.memory', '1Mi'),
        resource('CPU', 'limits.cpu'),
        resource('MILLI', 'requests.cpu', '1m'),
      ],
    };
    const found = environmentOf(aPod({ containers: [container] }), container, placement, sources);
    const wanted = { NAME: 'web-0', IP: '127.64.0.2', LABEL: '2', MEMORY: '1024', CPU: '2', MILLI: '100' };
    assert.deepEqual(found, { variables: wanted });
  });

  it('names what is missing, unless it is optional', () => {
    const keyed = (name: string, key: string, optional?: boolean) => ({
      env: [{ name: 'X', valueFrom: { secretKeyRef: { name, key, ...(optional ? { optional } : {}) } } }],
    });
    assert.deepEqual(environment(keyed('gone', 'k')), { missing: 'secret "gone" not found' });
    assert.deepEqual(environment(keyed('secret', 'k')), {
      missing: "couldn't find key k in secret ns/secret",
    });
    assert.deepEqual(environment(keyed('secret', 'k', true)), { variables: {} });
    assert.deepEqual(environment({ envFrom: [{ configMapRef: { name: 'gone' } }] }), {
      missing: 'configmap "gone" not found',
    });
  });
});

describe('the command of a container', () => {
  const context = {
    image: ['node', 'main.ts'],
    base: { PATH: '/bin' },
    variables: { POD_NAME: 'web-0', TOKEN: '/etc/s/token' },
    mounts: [{ mountPath: '/etc/s', realPath: '/real' }],
    workingDirectory: '/project',
  };

  it('is the entry point of the image with the arguments after it', () => {
    const launch = launchOf({ name: 'c', args: ['--config', '/etc/s/$(POD_NAME).toml'] }, context);
    assert.deepEqual(launch.argv, ['node', 'main.ts', '--config', '/real/web-0.toml']);
    assert.deepEqual(launch.environment, { PATH: '/bin', POD_NAME: 'web-0', TOKEN: '/real/token' });
  });

  it('is replaced as a whole by `command`', () => {
    assert.deepEqual(launchOf({ name: 'c', command: ['sh'], args: ['-c'] }, context).argv, ['sh', '-c']);
  });
});

describe('the files of a volume', () => {
  const content = async (volume: Omit<Volume, 'name'>, pod = aPod()) => {
    const found = await volumeContent(
      { name: 'v', ...volume },
      { pod, placement, sources, requestToken: () => Promise.resolve('token!') },
    );
    if (!found || 'missing' in found) return found;
    return Object.fromEntries([...found.files].map(([path, file]) => [path, file.content.toString()]));
  };

  it('are all keys of a ConfigMap or Secret, or the listed ones under their paths', async () => {
    assert.deepEqual(await content({ configMap: { name: 'map' } }), {
      k: 'v',
      k2: 'v2',
      bin: '\u0000\u0001',
    });
    assert.deepEqual(
      await content({ secret: { secretName: 'secret', items: [{ key: 'password', path: 'a/b' }] } }),
      {
        'a/b': 'p w',
      },
    );
  });

  it('come from several sources in a projected volume, tokens among them', async () => {
    const downward = { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] };
    const projected = {
      sources: [
        { serviceAccountToken: { path: 'token' } },
        { configMap: { name: 'map', items: [{ key: 'k', path: 'k' }] } },
        { downwardAPI: downward },
      ],
    };
    assert.deepEqual(await content({ projected }), {
      token: 'token!',
      k: 'v',
      labels: 'a="x \\"y\\""\nb="2"',
    });
  });

  it('are reported missing, and are no files when optional', async () => {
    assert.deepEqual(await content({ configMap: { name: 'gone' } }), {
      missing: 'configmap "gone" not found',
    });
    assert.deepEqual(await content({ configMap: { name: 'gone', optional: true } }), {});
    assert.deepEqual(await content({ configMap: { name: 'map', items: [{ key: 'x', path: 'x' }] } }), {
      missing: 'references non-existent config key: x',
    });
    assert.equal(await content({ emptyDir: {} }), undefined);
  });
});

describe('the token of a ServiceAccount', () => {
  it('is mounted in every container once, unless the pod or the account says no', () => {
    const pod = withAccountVolume(aPod(), true);
    assert.equal(accountVolume(pod), 'kube-api-access');
    assert.deepEqual(withAccountVolume(pod, true), pod);
    assert.equal(accountVolume(withAccountVolume(aPod(), false)), undefined);
    assert.equal(
      accountVolume(withAccountVolume(aPod({ automountServiceAccountToken: false }), true)),
      undefined,
    );
    assert.equal(
      accountVolume(withAccountVolume(aPod({ automountServiceAccountToken: true }), false)),
      'kube-api-access',
    );
  });
});

describe('the status of a pod', () => {
  const status = (state: ContainerStatus['state'], more: Partial<ContainerStatus> = {}): ContainerStatus => ({
    name: 'c',
    image: 'i',
    imageID: '',
    ready: false,
    restartCount: 0,
    state: state!,
    ...more,
  });
  const running = status({ running: { startedAt: 'then' } }, { ready: true });
  const waiting = status({ waiting: { reason: 'ContainerCreating' } });
  const ended = (exitCode: number) => status({ terminated: { exitCode } });
  const facts = (main: ContainerStatus[], init: ContainerStatus[] = []): PodFacts => ({
    main,
    init,
    isSetUp: true,
    podIP: '127.64.0.2',
    hostIP: '127.64.0.1',
    startTime: 't0',
    now: 't1',
  });
  const phase = (main: ContainerStatus[], restartPolicy?: string, init?: ContainerStatus[]) =>
    podStatus(aPod(restartPolicy ? { restartPolicy } : {}), facts(main, init)).phase;

  it('has a phase that follows from its containers and its restart policy', () => {
    assert.equal(phase([waiting]), 'Pending');
    assert.equal(phase([running, waiting]), 'Running');
    assert.equal(phase([ended(1)]), 'Running');
    assert.equal(phase([ended(0)], 'Always'), 'Running');
    assert.equal(phase([ended(1)], 'OnFailure'), 'Running');
    assert.equal(phase([ended(0)], 'OnFailure'), 'Succeeded');
    assert.equal(phase([ended(0), ended(3)], 'Never'), 'Failed');
    assert.equal(phase([ended(0), running], 'Never'), 'Running');
    assert.equal(phase([waiting], 'Never', [ended(1)]), 'Failed');
    assert.equal(phase([waiting], 'Always', [ended(1)]), 'Pending');
    const crashing = { ...waiting, lastState: { terminated: { exitCode: 1 } } };
    assert.equal(phase([crashing]), 'Running');
  });

  it('ends when it is deleted, whatever the restart policy', () => {
    const leaving = aPod();
    leaving.metadata.deletionTimestamp = 'now';
    assert.equal(podStatus(leaving, facts([ended(0)])).phase, 'Succeeded');
    assert.equal(podStatus(leaving, facts([ended(143)])).phase, 'Failed');
  });

  const condition = (pod: Pod, of: PodFacts, type: string) =>
    podStatus(pod, of).conditions?.find((one) => one.type === type);

  it('moves a transition time only when the condition turns', () => {
    const pod = aPod();
    pod.status = { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: 'before' }] };
    assert.equal(condition(pod, facts([running]), 'Ready')?.lastTransitionTime, 'before');
    assert.equal(condition(pod, facts([waiting]), 'Ready')?.lastTransitionTime, 't1');
  });

  it('keeps what others wrote, and waits for readiness gates', () => {
    const pod = aPod({ readinessGates: [{ conditionType: 'lb' }] });
    pod.status = { conditions: [{ type: 'DisruptionTarget', status: 'True' }] };
    assert.equal(condition(pod, facts([running]), 'DisruptionTarget')?.status, 'True');
    assert.equal(condition(pod, facts([running]), 'Ready')?.reason, 'ReadinessGatesNotReady');
    pod.status.conditions!.push({ type: 'lb', status: 'True' });
    assert.equal(condition(pod, facts([running]), 'Ready')?.status, 'True');
  });

  it('names the containers that are not ready', () => {
    const found = condition(aPod(), facts([running, { ...waiting, name: 'd' }]), 'ContainersReady');
    assert.equal(found?.message, 'containers with unready status: [d]');
  });
});

describe('restarts', () => {
  it('follow the policy', () => {
    const told = (policy: string) => [0, 1].map((code) => shouldRestart(policy, code));
    assert.deepEqual(
      [told('Always'), told('OnFailure'), told('Never')],
      [
        [true, true],
        [false, true],
        [false, false],
      ],
    );
  });

  it('come at once the first time, then at doubling intervals up to the cap', () => {
    const delay = { baseMs: 10, capMs: 50 };
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5, 100].map((n) => restartDelayMs(n, delay)),
      [0, 10, 20, 40, 50, 50, 50],
    );
  });
});
