import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { sampleCluster } from '../../test/operator/sample.ts';
import { World } from '../../test/operator/world.ts';
import { secrets } from '../kube/resources.ts';
import { adminTokenIn } from '../resources/admin-secret.ts';

describe('the Secret with the admin token', () => {
  const name = { namespace: 'default', name: 'demo-admin' };
  let world: World;

  beforeEach(async () => {
    world = new World();
    await world.start();
    world.put(sampleCluster());
    await world.converge();
    await world.clock.advance(10_000);
    world.kube.forget();
  });
  afterEach(() => {
    world.stop();
  });

  const look = async (): Promise<number> => {
    world.resync();
    await world.look();
    return world.kube.requests.filter(({ verb, kind }) => verb === 'get' && kind === secrets.kind).length;
  };

  it('holds a token of 256 bits', () => {
    const token = adminTokenIn(world.kube.peek(secrets, name)!) ?? '';
    assert.match(token, /^[0-9a-f]{64}$/);
    assert.notEqual(token.slice(0, 32), token.slice(32));
  });

  it('is read once for the looks of some seconds, and again after them', async () => {
    assert.deepEqual([await look(), await look(), await look()], [1, 1, 1]);
    await world.clock.advance(10_000);
    assert.equal(await look(), 2);
  });

  it('is read in each look while an instance does not answer', async () => {
    world.report = (podName) => (podName === 'demo-1' ? undefined : {});
    await world.clock.advance(7_000);
    world.kube.forget();
    assert.deepEqual([await look(), await look()], [1, 2]);
  });

  it('that somebody removed is there again after some seconds', async () => {
    await look();
    world.kube.remove(world.kube.peek(secrets, name)!);
    await world.clock.advance(10_000);
    await look();
    await world.converge();
    assert.ok(world.kube.peek(secrets, name));
  });
});
