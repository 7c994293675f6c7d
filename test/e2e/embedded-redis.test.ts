/** A fleet that names no Redis, as the quickstart has it: from its first apply to its deletion. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { target } from '../conformance/target.ts';
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
    const result = await session.result(0, 15_000);
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
    await here.kubectl(['delete', 'pod', 'alone-redis-0', '--timeout=60s']);
    await here.kubectl(['wait', 'pod/alone-redis-0', '--for=create', '--timeout=30s']);
    await here.kubectl(['wait', 'pod/alone-redis-0', '--for=condition=Ready', '--timeout=60s']);
    await here.kubectl(['wait', `lsc/${name}`, '--for=condition=RedisReachable', '--timeout=60s']);
    await here.ready(name);
    assert.deepEqual(
      (await instances()).map(({ metadata }) => metadata.uid),
      before,
    );
  });

  it('leaves nothing behind when it is deleted', async () => {
    await here.kubectl(['delete', 'lsc', name, '--timeout=60s']);
    await here.gone(name);
  });
});
