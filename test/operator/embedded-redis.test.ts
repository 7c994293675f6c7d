/** A fleet that names no Redis gets one of its own, with a password that nobody else sees. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';
import { redisSecretAnnotation } from '../../operator/api/labels.ts';
import { configMaps, pods, secrets, services, statefulSets } from '../../operator/kube/resources.ts';
import { sampleCluster } from './sample.ts';
import { World } from './world.ts';

const redis = { namespace: 'default', name: 'demo-redis' };

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => {
  world.stop();
});

const fleet = async (): Promise<void> => {
  world.put(sampleCluster({ redis: undefined }));
  await world.converge();
};
const password = (): string => atob(world.kube.peek(secrets, redis)!.data!['password']!);
const restartedBy = (): string | undefined =>
  world.kube.peek(statefulSets, redis)!.spec!.template.metadata!.annotations![redisSecretAnnotation];

it('the fleet is ready on it, and told that it is not for production', async () => {
  await fleet();
  assert.equal(world.says('Ready'), 'True FleetReady');
  assert.equal(world.says('ProductionReady'), 'False EmbeddedRedis');
  const [toml] = Object.values(world.kube.all(configMaps)[0]!.data!);
  assert.match(toml!, /url = "redis:\/\/demo-redis\.default\.svc:6379"/);
  assert.match(toml!, /password_file = /);
});

it('it is made before the instances that need it', async () => {
  await fleet();
  const writes = world.kube.writes();
  const made = ['create Secret demo-redis', 'apply StatefulSet demo-redis', 'apply StatefulSet demo'];
  assert.deepEqual(
    writes.filter((write) => made.includes(write)),
    made,
  );
});

it('its password is in its Secret and nowhere else', async () => {
  await fleet();
  const everything = JSON.stringify([world.owned(), world.cluster(), world.events, world.kube.all(pods)]);
  for (const word of [password(), btoa(password())]) assert.ok(!everything.includes(word));
});

it('nothing is written while nothing changes, and another operator keeps the password', async () => {
  await fleet();
  const before = password();
  world.kube.forget();
  await world.start();
  world.resync();
  await world.converge();
  assert.deepEqual(world.kube.writes(), []);
  assert.equal(password(), before);
});

it('a password that was thrown away is made anew, and Redis starts with it', async () => {
  await fleet();
  const before = restartedBy();
  world.kube.remove(world.kube.peek(secrets, redis)!);
  world.resync();
  await world.converge();
  assert.notEqual(restartedBy(), before);
  assert.equal(restartedBy(), world.kube.peek(secrets, redis)!.metadata.uid);
});

it('a Secret that was only labelled starts nothing anew', async () => {
  await fleet();
  const before = restartedBy();
  const secret = world.kube.peek(secrets, redis)!;
  world.kube.put({ ...secret, metadata: { ...secret.metadata, labels: { team: 'speech' } } });
  world.resync();
  await world.converge();
  assert.equal(restartedBy(), before);
});

it('it goes when the fleet gets a Redis of its user', async () => {
  await fleet();
  world.edit((spec) => (spec.redis.url = 'redis://elsewhere:6379'));
  await world.converge();
  assert.equal(world.kube.peek(statefulSets, redis), undefined);
  assert.equal(world.kube.peek(services, redis), undefined);
  assert.equal(world.says('Ready'), 'True FleetReady');
});

it("a user's own objects of its name are no matter to a fleet that has a Redis", async () => {
  world.kube.put({ apiVersion: 'v1', kind: 'Service', metadata: redis });
  world.put(sampleCluster());
  await world.converge();
  assert.equal(world.says('Ready'), 'True FleetReady');
  assert.ok(world.kube.peek(services, redis));
});

it("a user's own object of its name is not touched, and said", async () => {
  world.kube.put({ apiVersion: 'v1', kind: 'Secret', metadata: redis, data: { password: btoa('theirs') } });
  await fleet();
  assert.equal(world.says('Degraded'), 'True ForeignObject');
  assert.equal(password(), 'theirs');
  assert.equal(world.kube.peek(statefulSets, redis), undefined);
});
