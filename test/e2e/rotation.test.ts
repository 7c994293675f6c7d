/** The Secrets of a fleet's Redis change while sessions talk: its instances follow, none restarts, no job fails, and a person can see it. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { target } from '../conformance/target.ts';
import { eventually } from '../support/eventually.ts';
import { patient } from '../support/pocket.ts';
import { assertUnharmed, Balancer, Talker, work } from '../support/talkers.ts';
import { place, socketUrl, type Place, type PodSeen } from './place.ts';
import { startRedisPods, type RedisPods } from './redis-pods.ts';

const { lacks } = await target();

const name = 'rotated';
/** A real kubelet takes up to a minute and a half to bring a Secret into its pods. */
const withinMs = 150_000;

const manifest = {
  apiVersion: 'lingua.dev/v1alpha1',
  kind: 'SchedulerCluster',
  metadata: { name },
  spec: {
    replicas: 2,
    image: 'lingua-scheduler:dev',
    redis: {
      mode: 'single',
      url: 'rediss://redis.redis.svc:6379',
      keyPrefix: 'lingua-prod',
      authSecretRef: { name: 'rotated-user', usernameKey: 'username', passwordKey: 'password' },
      tls: { caSecretRef: { name: 'rotated-ca', key: 'ca.crt' } },
    },
    config: { limits: patient },
  },
};

describe('a Secret that is rotated', { skip: lacks.programs }, () => {
  let here: Place;
  let redis: RedisPods;
  let pods: PodSeen[];
  let over = false;
  let worker: Promise<void> | undefined;

  before(async () => {
    here = await place();
    redis = await startRedisPods(here.kubectl);
    const [password, ca] = ['redis-password.txt', 'ca.crt'].map((file) => path.join(redis.directory, file));
    const generic = ['create', 'secret', 'generic'];
    const user = ['--from-literal=username=lingua', `--from-file=password=${password ?? ''}`];
    await here.kubectl([...generic, 'rotated-user', ...user]);
    await here.kubectl([...generic, 'rotated-ca', `--from-file=ca.crt=${ca ?? ''}`]);
    await here.kubectl(['apply', '-f', '-'], JSON.stringify(manifest));
    await here.ready(name);
    pods = await here.pods(name);
    await eventually('what they log in with is known', async () => (await inUse()) !== '', 120_000);
    worker = work(balancer, 'n-1', () => over);
  });
  after(async () => {
    over = true;
    await worker;
    await here.kubectl(['delete', 'lsc', name, '--timeout=180s']);
    rmSync(redis.directory, { recursive: true, force: true });
  });

  const balancer = new Balancer(() => pods.map(socketUrl));
  const inUse = (): Promise<string> =>
    here.kubectl(['get', 'lsc', name, '-o', 'jsonpath={.status.redisCredentials}']);
  const condition = async (type: string): Promise<string> => {
    const fields = `jsonpath={.status.conditions[?(@.type=="${type}")]['status','reason']}`;
    return (await here.kubectl(['get', 'lsc', name, '-o', fields])).trim();
  };
  const put = (secret: string, stringData: Record<string, string>) =>
    here.kubectl(['patch', 'secret', secret, '-p', JSON.stringify({ stringData })]);

  /** Until all instances log in with something else than before. */
  async function followed(change: () => Promise<unknown>): Promise<void> {
    const before = await inUse();
    await change();
    await eventually('all log in with the new credentials', async () => (await inUse()) !== before, withinMs);
  }

  /** All that stands has to connect anew. */
  async function cutAll(): Promise<void> {
    await redis.ask('CLIENT', 'KILL', 'USER', 'lingua');
    const connected = async () => / user=lingua /.test(await redis.ask('CLIENT', 'LIST'));
    await eventually('the instances are back', connected, 120_000);
    await here.kubectl(['wait', `lsc/${name}`, '--for=condition=RedisReachable', '--timeout=180s']);
  }

  async function whileTalking(happens: () => Promise<void>): Promise<void> {
    let isOver = false;
    const talkers = Array.from({ length: 3 }, () => new Talker(balancer));
    const talks = talkers.map(async (talker) => {
      let said = 0;
      for (; !isOver || said < 20; said += 1) await talker.say(said);
      return said;
    });
    await eventually('all talk', () => talkers.every(({ results }) => results.size > 0), 120_000);
    await happens().finally(() => (isOver = true));
    const said = await Promise.all(talks);
    for (const [index, talker] of talkers.entries()) assertUnharmed(talker, said[index] ?? 0);
  }

  it('with a password is followed, and the former one can go', async () => {
    await whileTalking(async () => {
      await redis.ask('ACL', 'SETUSER', 'lingua', '>second-password');
      await followed(() => put('rotated-user', { password: 'second-password' }));
      await redis.ask('ACL', 'SETUSER', 'lingua', '<password-of-the-user');
      await cutAll();
    });
  });

  it('with a password that Redis does not know yet breaks nothing, and is said', async () => {
    await whileTalking(async () => {
      await put('rotated-user', { password: 'third-password' });
      const refused = async () => (await condition('Degraded')) === 'True NewCredentialsRefused';
      await eventually('the refusal is a condition', refused, withinMs);
      assert.equal(await condition('Ready'), 'True FleetReady');
      await followed(() => redis.ask('ACL', 'SETUSER', 'lingua', '>third-password'));
      await here.kubectl(['wait', `lsc/${name}`, '--for=condition=Degraded=false', '--timeout=180s']);
    });
  });

  it('with an authority is followed, and the former one can go', async () => {
    const former = readFileSync(path.join(redis.directory, 'ca.crt'), 'utf8');
    await whileTalking(async () => {
      const next = await redis.nextAuthority();
      await followed(() => put('rotated-ca', { 'ca.crt': `${former}${next.certificate}` }));
      await next.use();
      await cutAll();
      await followed(() => put('rotated-ca', { 'ca.crt': next.certificate }));
      await cutAll();
    });
  });

  it('has restarted nothing, and is told as events', async () => {
    const now = await here.pods(name);
    assert.deepEqual(
      now.map(({ metadata }) => metadata.uid),
      pods.map(({ metadata }) => metadata.uid),
    );
    assert.ok(now.every(({ status }) => status.containerStatuses?.[0]?.restartCount === 0));
    const told = await here.kubectl(['describe', 'lsc', name]);
    assert.match(told, /Normal +CredentialsRotated .*what it said before is not needed any more/);
    assert.match(told, /Warning +NewCredentialsRefused .*Redis refused the credentials/);
  });
});
