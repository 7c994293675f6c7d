/** One fleet from its first apply to its deletion, as a person with kubectl and redis-cli sees it. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ports } from '../../common/workload.ts';
import type { KubeObject } from '../../operator/kube/kube.ts';
import { target } from '../conformance/target.ts';
import { eventually } from '../support/eventually.ts';
import { NodeClient, translationOf } from '../support/node-client.ts';
import { patient } from '../support/pocket.ts';
import { SessionClient } from '../support/session-client.ts';
import { ownedKinds, place, socketUrl, type Place, type PodSeen } from './place.ts';

const { lacks } = await target();

const name = 'fleet';
const prefix = 'lingua-prod';

describe('a fleet', { skip: lacks.programs }, () => {
  let here: Place;
  before(async () => {
    here = await place();
  });

  it('becomes Ready, and kubectl wait is right about it', async () => {
    await here.apply({ name, replicas: 2, config: { limits: patient } });
    await here.ready(name);
    const pods = await here.pods(name);
    assert.deepEqual(
      pods.map(({ metadata }) => metadata.name),
      ['fleet-0', 'fleet-1'],
    );
    for (const pod of pods) assert.equal(await readyz(pod), 200);
  });

  it('gives each pod the instance id of its ordinal, and no two the same', async () => {
    const ids = await presentIds(here);
    assert.deepEqual(ids, ['fleet-0', 'fleet-1']);
    const instances = await here.kubectl([
      'get',
      'lsc',
      name,
      '-o',
      'jsonpath={.status.instances[*].instanceId}',
    ]);
    assert.deepEqual(instances.split(' '), ids);
  });

  const routes: readonly [title: string, nodeAt: number, sessionAt: number][] = [
    ['between two pods', 0, 1],
    ['between two pods, the other way round', 1, 0],
    ['within one pod', 1, 1],
  ];
  for (const [title, nodeAt, sessionAt] of routes) {
    it(`translates ${title}`, async () => {
      const pods = await here.pods(name);
      await translateOnce(pods[nodeAt]!, pods[sessionAt]!);
    });
  }

  it("answers the guide's redis-cli commands as they are printed", async () => {
    const inbox = `${prefix}:streams:{instance:fleet-0}:inbox`;
    assert.match(await here.redisCli('XINFO', 'STREAM', inbox), /^length\n/);
    assert.match(await here.redisCli('XINFO', 'GROUPS', inbox), /^name\nscheduler\n/);
    assert.match(await here.redisCli('XPENDING', inbox, 'scheduler'), /^0(\n|$)/);
    assert.equal(await here.redisCli('XLEN', `${prefix}:streams:{instance:fleet-0}:dlq`), '0');
    const presence = JSON.parse(await here.redisCli('GET', `${prefix}:schedulers:presence:fleet-0`)) as {
      instance_id: string;
    };
    assert.equal(presence.instance_id, 'fleet-0');
    const pods = await here.pods(name);
    const node = await NodeClient.ready(socketUrl(pods[0]!));
    const nodes = await here.redisCli('SMEMBERS', `${prefix}:v1:nodes:all`);
    assert.ok(nodes.split('\n').includes(node.nodeId));
    const snapshot = JSON.parse(await here.redisCli('GET', `${prefix}:v1:nodes:snapshot:${node.nodeId}`)) as {
      node_id: string;
    };
    assert.equal(snapshot.node_id, node.nodeId);
    await node.close();
  });

  it('grows by kubectl scale, without touching the pods that run', async () => {
    const before = await here.pods(name);
    const template = await podTemplate(here);
    await here.kubectl(['scale', 'schedulercluster', name, '--replicas=3']);
    await here.ready(name);
    const after = await here.pods(name);
    assert.deepEqual(
      after.slice(0, 2).map(({ metadata }) => metadata.uid),
      before.map(({ metadata }) => metadata.uid),
    );
    assert.equal(await podTemplate(here), template);
    assert.deepEqual(await presentIds(here), ['fleet-0', 'fleet-1', 'fleet-2']);
  });

  it('never started a pod before its configuration was there', async () => {
    for (const pod of await here.pods(name)) {
      const restarts = pod.status.containerStatuses?.map(({ restartCount }) => restartCount);
      assert.deepEqual(restarts, [0], pod.metadata.name);
    }
    const configMap = await here.kubectl(['get', 'lsc', name, '-o', 'jsonpath={.status.configMapName}']);
    const keys = await here.kubectl.json<{ data: Record<string, string> }>(['get', 'configmap', configMap]);
    assert.deepEqual(Object.keys(keys.data).sort(), ['fleet-0.toml', 'fleet-1.toml', 'fleet-2.toml']);
  });

  it('is left alone while nothing changes: not one write', async () => {
    await here.kubectl(['wait', `lsc/${name}`, '--for=condition=RoutingVerified', '--timeout=180s']);
    let [before, now] = [await asTheyStand(here), await asTheyStand(here)];
    // On a busy machine there may be something new to say, a slow Redis or probe for one; that is a change, and then quiet follows.
    for (let window = 0; window < 6; window += 1) {
      // Long enough for several polls of every instance.
      await new Promise((resolve) => setTimeout(resolve, 12_000));
      [before, now] = [now, await asTheyStand(here)];
      if (now.join() === before.join()) return;
    }
    assert.deepEqual(now, before, 'it never came to rest');
  });

  it('shrinks, and what left is gone from Kubernetes and from Redis', async () => {
    await here.kubectl(['scale', 'lsc', name, '--replicas=1']);
    await here.ready(name);
    await eventually('the pods are gone', async () => (await here.pods(name)).length === 1, 120_000);
    await eventually('presence is gone', async () => (await presentIds(here)).join() === 'fleet-0', 120_000);
  });

  it('rolls when its configuration changes, and keeps working', async () => {
    await here.kubectl(['scale', 'lsc', name, '--replicas=2']);
    await here.ready(name);
    const before = await here.pods(name);
    const configMap = ['get', 'lsc', name, '-o', 'jsonpath={.status.configMapName}'];
    const oldConfig = await here.kubectl(configMap);
    const change = { spec: { config: { scheduler: { jobTimeoutSeconds: 45 } } } };
    await here.kubectl(['patch', 'lsc', name, '--type=merge', '-p', JSON.stringify(change)]);
    await here.ready(name);
    const after = await here.pods(name);
    const uids = new Set(before.map(({ metadata }) => metadata.uid));
    assert.ok(
      after.every(({ metadata }) => !uids.has(metadata.uid)),
      'every pod was replaced',
    );
    const newConfig = await here.kubectl(configMap);
    assert.notEqual(newConfig, oldConfig);
    const file = await here.kubectl(['get', 'configmap', newConfig, '-o', 'jsonpath={.data.fleet-0\\.toml}']);
    assert.match(file, /job_timeout_seconds = 45/);
    await eventually(
      'the old ConfigMap is gone',
      async () => {
        const { code } = await here.kubectl.try(['get', 'configmap', oldConfig]);
        return code !== 0;
      },
      120_000,
    );
    await translateOnce(after[0]!, after[1]!);
  });

  it('says when Redis is away, and when it is back', async () => {
    await here.redis.kill();
    const unreachable = ['wait', `lsc/${name}`, '--for=condition=RedisReachable=false', '--timeout=180s'];
    await here.kubectl(unreachable);
    const message = await here.kubectl([
      ...['get', 'lsc', name, '-o'],
      'jsonpath={.status.conditions[?(@.type=="RedisReachable")].message}',
    ]);
    assert.match(message, /fleet-\d/);
    await here.redis.restart({ keepData: false });
    await here.kubectl(['wait', `lsc/${name}`, '--for=condition=RedisReachable', '--timeout=180s']);
    await here.ready(name);
  });

  it('leaves nothing behind when it is deleted', async () => {
    await here.kubectl(['delete', 'lsc', name, '--timeout=180s']);
    await here.gone(name);
    assert.deepEqual(await presentIds(here), []);
  });
});

async function translateOnce(nodePod: PodSeen, sessionPod: PodSeen): Promise<void> {
  const node = await NodeClient.ready(socketUrl(nodePod));
  const session = await SessionClient.open(socketUrl(sessionPod));
  try {
    session.say({ index: 0, audio: 'hello' });
    const result = await session.result(0);
    assert.equal(result['text_translated'], translationOf(Buffer.from('hello').toString('base64')));
  } finally {
    await session.close();
    await node.close();
  }
}

async function presentIds(here: Place): Promise<string[]> {
  const keys = (await here.redisCli('KEYS', `${prefix}:schedulers:presence:*`)).split('\n').filter(Boolean);
  return keys.map((key) => key.slice(key.lastIndexOf(':') + 1)).sort();
}

async function readyz(pod: PodSeen): Promise<number> {
  const response = await fetch(`http://${pod.status.podIP ?? ''}:${String(ports.http)}/readyz`);
  return response.status;
}

const podTemplate = (here: Place): Promise<string> =>
  here.kubectl(['get', 'statefulset', name, '-o', 'jsonpath={.spec.template}']);

/**
 * The version of the cluster and of each object it owns. A pod is told by its uid: what is written to it afterwards is its kubelet's
 * word on its probes.
 */
async function asTheyStand(here: Place): Promise<string[]> {
  const { items } = await here.kubectl.json<{ items: KubeObject[] }>([
    'get',
    `schedulerclusters,${ownedKinds}`,
  ]);
  const versions = items.map(({ kind, metadata: { name: called, uid, resourceVersion } }) =>
    [kind, called, kind === 'Pod' ? uid : resourceVersion].join(' '),
  );
  return versions.sort();
}
