import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { sampleCluster } from '../../test/operator/sample.ts';
import { settle } from '../../test/fakes/clock.ts';
import { World } from '../../test/operator/world.ts';
import { AppError } from '../../common/errors.ts';
import { configMaps, secrets, statefulSets } from '../kube/resources.ts';
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

  it('that somebody made anew is what instances are asked with from that very look on', async () => {
    world.kube.remove(world.kube.peek(secrets, name)!);
    await look();
    const token = adminTokenIn(world.kube.peek(secrets, name)!) ?? '';
    assert.match(token, /^[0-9a-f]{64}$/);
    await world.clock.advance(20_000);
    assert.equal(world.askedWith, token);
  });

  it('is looked at beside the writes of a look that scales, and no pod is asked for before it is there', async () => {
    const isRead = Promise.withResolvers<undefined>();
    world.kube.before = ({ verb, kind }) =>
      verb === 'get' && kind === secrets.kind ? isRead.promise : undefined;
    const { replicas } = sampleCluster().spec;
    world.edit((spec) => (spec.replicas = replicas + 1));
    const looked = world.look();
    await settle();
    const written = () => world.kube.requests.filter(({ verb }) => verb === 'apply').map(({ kind }) => kind);
    assert.deepEqual(written(), [configMaps.kind]);
    isRead.resolve(undefined);
    await looked;
    assert.deepEqual(written(), [configMaps.kind, statefulSets.kind]);
  });

  it('is not asked for any more after a look that ended before', async () => {
    const isRead = Promise.withResolvers<undefined>();
    world.kube.before = ({ verb, kind }) => {
      if (verb === 'apply') throw new AppError('unavailable', 'the API server is away');
      return verb === 'get' && kind === secrets.kind ? isRead.promise : undefined;
    };
    world.edit((spec) => (spec.replicas += 1));
    let isOver = false;
    const looked = world.look().then(() => (isOver = true));
    await settle();
    assert.equal(isOver, false);
    isRead.resolve(undefined);
    await looked;
  });

  it('that cannot be read stands in the way of more pods', async () => {
    world.kube.before = ({ verb, kind }) => {
      if (verb === 'get' && kind === secrets.kind) throw new AppError('forbidden', 'secrets is forbidden');
    };
    const { replicas } = sampleCluster().spec;
    world.edit((spec) => (spec.replicas = replicas + 1));
    await world.look();
    const degraded = world.cluster().status?.conditions?.find(({ type }) => type === 'Degraded');
    assert.equal(degraded?.reason, 'Forbidden');
    const set = world.kube.peek(statefulSets, { namespace: 'default', name: 'demo' });
    assert.equal(set?.spec?.replicas, replicas);
  });
});
