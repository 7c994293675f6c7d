/** From nothing to a fleet with the flat file and the quickstart sample, a new operator under it, and back to nothing. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { target } from '../conformance/target.ts';
import { pageOf } from '../docs/pages.ts';
import { eventually } from '../support/eventually.ts';
import { root } from '../support/images.ts';
import { createKubectl } from '../support/kubectl.ts';

const { kind, kubeconfig, lacks } = await target();
const kubectl = createKubectl(kubeconfig);

const flat = path.join(root, 'manifests/install.yaml');
const system = ['-n', 'lingua-system'];
const ofFleet = ['-l', 'app.kubernetes.io/instance=demo'];
const rollout = [...system, 'rollout', 'status', 'deployment/lingua-operator', '--timeout=180s'];
const skip =
  lacks.programs || (kind === 'external' && 'it takes the definition away, and with it every fleet');

describe('an operator', { skip }, () => {
  let foreign: ReadonlySet<string>;
  before(async () => {
    foreign = await everything();
  });

  it('is installed by the flat file, and the quickstart sample is Ready', async () => {
    await kubectl(['apply', '--server-side', '-f', flat]);
    await kubectl([
      'wait',
      'crd/schedulerclusters.lingua.dev',
      '--for=condition=Established',
      '--timeout=180s',
    ]);
    await kubectl(rollout);
    await kubectl(['apply', '-f', path.join(root, 'manifests/samples/quickstart.yaml')]);
    await kubectl(['wait', 'lsc/demo', '--for=condition=Ready', '--timeout=180s']);
  });

  it('runs twice, and one of both leads', async () => {
    assert.equal((await operators()).length, 2);
    await eventually('one leads', async () => (await leaders()).length === 1, 120_000);
  });

  it('is replaced by a new version that touches nothing of the fleet', async () => {
    const before = await fleet();
    const old = await operators();
    const next = readFileSync(flat, 'utf8').replaceAll(/lingua-operator:\d\S*/g, 'lingua-operator:9.9.9');
    await kubectl(['apply', '--server-side', '-f', '-'], next);
    await kubectl(rollout);
    const lookedAgain = async (): Promise<boolean> => {
      const [leader] = await leaders();
      return leader !== undefined && !old.includes(leader) && (await looks(leader)) > 0;
    };
    await eventually('a new one leads and has looked at the fleet', lookedAgain, 120_000);
    assert.equal(await fleet(), before);
    const gone = async (): Promise<boolean> => !(await operators()).some((name) => old.includes(name));
    await eventually('the former ones are gone', gone, 120_000);
  });

  it('then looks after the fleet as the former one did', async () => {
    const before = await uids();
    await kubectl(['scale', 'lsc', 'demo', '--replicas=3']);
    const ready = ['wait', 'lsc/demo', '--for=jsonpath={.status.readyReplicas}=3', '--timeout=180s'];
    await kubectl(ready);
    const now = await uids();
    const gone = before.filter((uid) => !now.includes(uid));
    assert.deepEqual(gone, []);
  });

  it('leaves nothing behind when it is uninstalled as the documentation says', async () => {
    const page = pageOf('docs/operations.md');
    const lines = page.fences.find(({ text }) => text.startsWith('kubectl delete schedulerclusters'));
    const env = { ...process.env, KUBECONFIG: kubeconfig };
    await promisify(execFile)('sh', ['-euc', lines?.text ?? 'false'], { cwd: root, env });
    const left = async (): Promise<string[]> => [...(await everything())].filter((one) => !foreign.has(one));
    await eventually('nothing is left', async () => (await left()).length === 0, 120_000).catch(async () => {
      assert.deepEqual(await left(), []);
    });
  });
});

/** Made by Kubernetes in each namespace, sooner or later: in the default one a busy server may do it when we have looked already. */
const ofEachNamespace = /^(ServiceAccount [^/]+\/default|ConfigMap [^/]+\/kube-root-ca\.crt)$/;

/** Objects of all kinds, but for events, which go by themselves, and what Kubernetes keeps for itself. */
async function everything(): Promise<ReadonlySet<string>> {
  const listed = await kubectl(['api-resources', '--verbs=list', '-o', 'name']);
  const kinds = listed.trim().split('\n');
  const lasting = kinds.filter((name) => !/^(events|componentstatuses)\b/.test(name));
  const line = '{.kind} {.metadata.namespace}/{.metadata.name}{"\\n"}';
  const args = ['get', lasting.join(','), '-A', '-o', `jsonpath={range .items[*]}${line}{end}`];
  const objects = (await kubectl(args)).trim().split('\n');
  return new Set(
    objects.filter(
      (object) => !/ kube-(system|public|node-lease)\//.test(object) && !ofEachNamespace.test(object),
    ),
  );
}

/** Each object of the fleet with its version: one that is written to gets another. */
async function fleet(): Promise<string> {
  const kinds = 'statefulsets,services,configmaps,secrets,serviceaccounts,poddisruptionbudgets,pods';
  const line = '{.kind} {.metadata.name} {.metadata.uid} {.metadata.resourceVersion}{"\\n"}';
  return kubectl(['get', kinds, ...ofFleet, '-o', `jsonpath={range .items[*]}${line}{end}`]);
}

async function uids(): Promise<string[]> {
  const path = 'jsonpath={.items[*].metadata.uid}';
  return (await kubectl(['get', 'pods', ...ofFleet, '-o', path])).split(' ');
}

async function operators(): Promise<string[]> {
  const pods = [...system, 'get', 'pods', '-l', 'app.kubernetes.io/name=lingua-operator'];
  return (await kubectl([...pods, '-o', 'jsonpath={.items[*].metadata.name}'])).split(' ');
}

/** The pods that say of themselves that they lead: one, but for the moment in which nobody does. */
async function leaders(): Promise<string[]> {
  const all = await Promise.all(
    (await operators()).map(async (pod) => ({
      pod,
      leads: await figure(pod, 'leader_election_master_status'),
    })),
  );
  return all.filter(({ leads }) => leads === 1).map(({ pod }) => pod);
}

/** How often this operator has looked at a cluster and had nothing to complain of. */
const looks = (pod: string): Promise<number> =>
  figure(pod, 'controller_runtime_reconcile_total', 'result="success"');

/** 0 also for a pod that is gone meanwhile. */
async function figure(pod: string, metric: string, label = ''): Promise<number> {
  const address = await kubectl.try([...system, 'get', 'pod', pod, '-o', 'jsonpath={.status.podIP}']);
  const text = await fetch(`http://${address.stdout}:8080/metrics`).then(
    (response) => response.text(),
    () => '',
  );
  const line = text.split('\n').find((one) => one.startsWith(`${metric}{`) && one.includes(label));
  return Number(line?.split(' ').at(-1) ?? 0);
}
