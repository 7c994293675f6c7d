/** User, password and certificates of Redis: files in the pods, and nowhere else. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';
import { credentialsDigest } from '../../common/credentials-digest.ts';
import { AppError } from '../../common/errors.ts';
import { pods, secrets, type Secret } from '../../operator/kube/resources.ts';
import { sampleCluster } from './sample.ts';
import { World } from './world.ts';

const redis = {
  mode: 'single',
  url: 'rediss://redis:6379',
  keyPrefix: 'p',
  authSecretRef: { name: 'redis-user', usernameKey: 'user' },
  tls: { caSecretRef: { name: 'redis-ca' } },
};

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => {
  world.stop();
});

const secret = (name: string, data: Record<string, string>): Secret =>
  world.kube.put({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'default' },
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, btoa(value)])),
  });
const all = (): void => {
  secret('redis-user', { user: 'lingua', password: 'pa55word-of-redis' });
  secret('redis-ca', { 'ca.crt': 'PEM' });
};
/** As long as it takes the operator to look again by itself. */
const later = async (): Promise<void> => {
  await world.clock.advance(16_000);
  await world.converge();
};

it('a fleet whose Secrets are there is ready, and what is in them is nowhere else', async () => {
  all();
  world.put(sampleCluster({ redis }));
  await world.converge();
  assert.equal(world.says('Ready'), 'True FleetReady');
  const everything = JSON.stringify([world.owned(), world.cluster(), world.events, world.kube.all(pods)]);
  for (const word of ['pa55word-of-redis', btoa('pa55word-of-redis')]) assert.ok(!everything.includes(word));
});

it('a Secret that is missing is named with what to do, and mended when it comes', async () => {
  world.put(sampleCluster({ redis }));
  await world.converge();
  assert.equal(world.says('RedisReachable'), 'False SecretMissing');
  assert.match(world.condition('RedisReachable').message, /Secret redis-user does not exist\. Create/);
  assert.equal(world.says('Ready'), 'False SecretMissing');
  all();
  await later();
  assert.equal(world.says('Ready'), 'True FleetReady');
});

it('so is a key that is missing or empty', async () => {
  all();
  secret('redis-user', { user: 'lingua', password: '' });
  world.put(sampleCluster({ redis }));
  await world.converge();
  assert.match(world.condition('RedisReachable').message, /Secret redis-user has nothing under password/);
});

it('a Secret that the operator may not read is said, and the fleet is made all the same', async () => {
  world.kube.before = ({ verb, kind, name }) => {
    if (verb === 'get' && kind === 'Secret' && name.startsWith('redis-'))
      throw new AppError('forbidden', 'no', { facts: { status: 403 } });
  };
  world.put(sampleCluster({ redis }));
  await world.converge();
  assert.match(world.condition('RedisReachable').message, /may not read Secret redis-user/);
  assert.equal(world.cluster().status!.readyReplicas, 2);
});

it('a rotated Secret restarts nothing', async () => {
  all();
  world.put(sampleCluster({ redis }));
  await world.converge();
  world.kube.forget();
  secret('redis-user', { user: 'lingua', password: 'another' });
  world.resync();
  await world.converge();
  assert.deepEqual(world.kube.writes(), []);
});

/** What the pods have, which follows the Secret only after a while. */
const login = (password: string, refused: string | null = null) => {
  const files = ['lingua', password, 'PEM'].map((text) => Buffer.from(text));
  const admin = world.kube.peek(secrets, { namespace: 'default', name: 'demo-admin' });
  const token = Buffer.from(admin?.data?.['token'] ?? '', 'base64').toString();
  return { digest: credentialsDigest(token, files), refused };
};
const logsInWith = (of: (pod: string) => ReturnType<typeof login>): void => {
  world.report = (pod) => ({
    redis: { reachable: true, mode: 'single', keyPrefix: 'p', roundTripMs: 1, error: null, login: of(pod) },
  });
};

it('a rotated Secret is followed instance by instance, and told once when all have', async () => {
  all();
  world.put(sampleCluster({ redis }));
  await world.converge();
  logsInWith(() => login('pa55word-of-redis'));
  await later();
  assert.equal(world.says('RedisReachable'), 'True Reachable');
  secret('redis-user', { user: 'lingua', password: 'another' });
  logsInWith((pod) => login(pod.endsWith('-1') ? 'another' : 'pa55word-of-redis'));
  await later();
  assert.equal(world.says('RedisReachable'), 'True CredentialsRotating');
  assert.ok(!world.events.some(({ reason }) => reason === 'CredentialsRotated'), 'not before all have');
  assert.match(
    world.condition('RedisReachable').message,
    /^1 of 2 instances log in to Redis with what the Sec/,
  );
  assert.equal(world.says('Ready'), 'True FleetReady');
  logsInWith(() => login('another'));
  await later();
  assert.equal(world.says('RedisReachable'), 'True Reachable');
  await later();
  const told = world.events.filter(({ reason }) => reason === 'CredentialsRotated');
  assert.equal(told.length, 1);
  assert.ok(!JSON.stringify([world.cluster(), world.events]).includes('another'));
});

it('what Redis refuses of a rotated Secret is said, while the fleet works on', async () => {
  all();
  world.put(sampleCluster({ redis }));
  await world.converge();
  secret('redis-user', { user: 'lingua', password: 'another' });
  logsInWith(() => login('pa55word-of-redis', 'Redis refused the credentials'));
  await later();
  assert.equal(world.says('RedisReachable'), 'True NewCredentialsRefused');
  assert.equal(world.says('Degraded'), 'True NewCredentialsRefused');
  assert.equal(world.says('Ready'), 'True FleetReady');
});

it('another admin token is no rotation', async () => {
  all();
  world.put(sampleCluster({ redis }));
  await world.converge();
  logsInWith(() => login('pa55word-of-redis'));
  await later();
  world.kube.remove(world.kube.peek(secrets, { namespace: 'default', name: 'demo-admin' })!);
  await later();
  await later();
  assert.equal(world.says('RedisReachable'), 'True Reachable');
  assert.ok(!world.events.some(({ reason }) => reason === 'CredentialsRotated'));
});

const errors: [said: string, reason: string][] = [
  ['WRONGPASS invalid username-password pair or user is disabled.', 'False AuthRefused'],
  ['NOAUTH Authentication required.', 'False AuthRefused'],
  ['unable to verify the first certificate', 'False CertificateRefused'],
  ['connect ECONNREFUSED 10.0.0.1:6379', 'False Unreachable'],
];
for (const [error, reason] of errors) {
  it(`'${error}' is ${reason}`, async () => {
    all();
    world.report = () => ({
      redis: { reachable: false, mode: 'single', keyPrefix: 'p', roundTripMs: null, error },
    });
    world.put(sampleCluster({ redis }));
    await world.converge();
    assert.equal(world.says('RedisReachable'), reason);
  });
}

it('Redis Secrets are only ever read by name', async () => {
  all();
  world.put(sampleCluster({ redis }));
  await world.converge();
  const verbs = world.kube.requests
    .filter(({ kind, name }) => kind === secrets.kind && name !== 'demo-admin')
    .map(({ verb }) => verb);
  assert.deepEqual([...new Set(verbs)], ['get']);
});
