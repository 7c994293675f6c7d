/** A fleet that names no Redis, as the quickstart has it: from its first apply to its deletion. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { target } from '../conformance/target.ts';
import { eventually } from '../support/eventually.ts';
import { NodeClient, translationOf } from '../support/node-client.ts';
import { SessionClient } from '../support/session-client.ts';
import { place, socketUrl, type Place } from './place.ts';

const { lacks } = await target();

const name = 'alone';

describe('a fleet without a Redis of its user', { skip: lacks.programs }, () => {
  let here: Place;
  before(async () => {
    here = await place();
    const manifest = {
      apiVersion: 'lingua.dev/v1alpha1',
      kind: 'SchedulerCluster',
      metadata: { name },
      spec: { replicas: 2, image: 'lingua-scheduler:dev' },
    };
    await here.kubectl(['apply', '-f', '-'], JSON.stringify(manifest));
  });

  const instances = async () =>
    (await here.pods(name)).filter(({ metadata }) => !metadata.name.includes('redis'));

  it('becomes Ready, and says that it is not for production', async () => {
    await here.ready(name);
    const reason = '{.status.conditions[?(@.type=="ProductionReady")].reason}';
    assert.equal(await here.kubectl(['get', 'lsc', name, '-o', `jsonpath=${reason}`]), 'EmbeddedRedis');
  });

  it('translates between its instances', async () => {
    const [first, second] = await instances();
    const node = await NodeClient.ready(socketUrl(first!));
    const session = await SessionClient.open(socketUrl(second!));
    session.say({ index: 0, audio: 'hello' });
    const result = await session.result(0);
    assert.equal(result['text_translated'], translationOf(Buffer.from('hello').toString('base64')));
    await session.close();
    await node.close();
  });

  it('has a Redis that answers nobody without the password', async () => {
    const [pod] = (await here.pods(name)).filter(({ metadata }) => metadata.name === 'alone-redis-0');
    const { stdout } = await promisify(execFile)('redis-cli', ['-h', pod!.status.podIP!, 'PING']);
    assert.match(stdout, /NOAUTH/);
  });

  it('works again when its Redis was away, and restarts no instance for that', async () => {
    const before = (await instances()).map(({ metadata }) => metadata.uid);
    await here.kubectl(['delete', 'pod', 'alone-redis-0', '--timeout=180s']);
    await here.kubectl(['wait', 'pod/alone-redis-0', '--for=create', '--timeout=180s']);
    await here.kubectl(['wait', 'pod/alone-redis-0', '--for=condition=Ready', '--timeout=180s']);
    await here.kubectl(['wait', `lsc/${name}`, '--for=condition=RedisReachable', '--timeout=180s']);
    await here.ready(name);
    assert.deepEqual(
      (await instances()).map(({ metadata }) => metadata.uid),
      before,
    );
  });

  it('leaves nothing behind when it is deleted', async () => {
    await here.kubectl(['delete', 'lsc', name, '--timeout=180s']);
    await here.gone(name);
  });
});

describe('an embedded Redis, where pods must be restricted', { skip: lacks.programs }, () => {
  const namespace = 'restricted';
  let here: Place;
  const kubectl = (args: readonly string[], input?: string) =>
    here.kubectl(['-n', namespace, ...args], input);
  before(async () => {
    here = await place();
    await here.kubectl(['create', 'namespace', namespace]);
    const label = 'pod-security.kubernetes.io/enforce=restricted';
    await here.kubectl(['label', 'namespace', namespace, label]);
  });

  const create = (cluster: string, embedded: object): Promise<string> => {
    const spec = { replicas: 1, image: 'lingua-scheduler:dev', redis: { embedded } };
    const apiVersion = 'lingua.dev/v1alpha1';
    return kubectl(
      ['apply', '-f', '-'],
      JSON.stringify({ apiVersion, kind: 'SchedulerCluster', metadata: { name: cluster }, spec }),
    );
  };
  const ready = (cluster: string): Promise<string> =>
    kubectl(['wait', `lsc/${cluster}`, '--for=condition=Ready', '--timeout=180s']);

  async function redisCli(cluster: string, ...command: string[]): Promise<string> {
    const path = 'jsonpath={.status.podIP}';
    const address = await kubectl(['get', 'pod', `${cluster}-redis-0`, '-o', path]);
    const secret = await kubectl(['get', 'secret', `${cluster}-redis`, '-o', 'jsonpath={.data.password}']);
    const password = Buffer.from(secret, 'base64').toString();
    const args = ['-h', address, '--no-auth-warning', '-a', password, ...command];
    return (await promisify(execFile)('redis-cli', args)).stdout.trim();
  }

  /** The pod of Redis is made anew; answers what is left of a key that was in it. */
  async function keptByNewPod(cluster: string): Promise<string> {
    await redisCli(cluster, 'SET', 'mine', 'kept');
    const old = await kubectl(['get', 'pod', `${cluster}-redis-0`, '-o', 'jsonpath={.metadata.uid}']);
    await kubectl(['delete', 'pod', `${cluster}-redis-0`, '--timeout=180s']);
    await eventually(
      'the pod is made anew',
      async () => {
        const path = ['-o', 'jsonpath={.metadata.uid} {.status.containerStatuses[0].ready}'];
        const { stdout } = await here.kubectl.try([
          '-n',
          namespace,
          'get',
          'pod',
          `${cluster}-redis-0`,
          ...path,
        ]);
        return stdout.endsWith(' true') && !stdout.startsWith(old);
      },
      120_000,
    );
    return redisCli(cluster, 'GET', 'mine');
  }

  it('keeps its data in a claim when its pod is made anew, and the claim when the fleet goes', async () => {
    await create('kept', { storage: { size: '64Mi' } });
    await ready('kept');
    assert.equal(await keptByNewPod('kept'), 'kept');
    await kubectl(['delete', 'lsc', 'kept', '--timeout=180s']);
    await kubectl(['wait', 'pod/kept-redis-0', '--for=delete', '--timeout=180s']);
    const phase = ['get', 'pvc', 'data-kept-redis-0', '-o', 'jsonpath={.status.phase}'];
    assert.equal(await kubectl(phase), 'Bound');
    await kubectl(['delete', 'pvc', 'data-kept-redis-0', '--timeout=180s']);
  });

  it('takes the claim along when it is asked to', async () => {
    await create('gone', { storage: { size: '64Mi', whenDeleted: 'Delete' } });
    await ready('gone');
    await kubectl(['delete', 'lsc', 'gone', '--timeout=180s']);
    await kubectl(['wait', 'pvc/data-gone-redis-0', '--for=delete', '--timeout=180s']);
  });

  it('loses its data with its pod without a claim', async () => {
    await create('light', {});
    await ready('light');
    assert.equal(await keptByNewPod('light'), '');
    await kubectl(['delete', 'lsc', 'light', '--timeout=180s']);
  });
});
