/** Instances that die, come back, or only seem dead: who goes on with what they had, and what is left of them. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import type { Message } from '../support/message-log.ts';
import { translationOf, type NodeClient } from '../support/node-client.ts';
import { SessionClient } from '../support/session-client.ts';
import type { Scheduler } from '../support/scheduler.ts';
import { Fleet } from './fleet.ts';

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);
const textOf = (index: number): string =>
  translationOf(Buffer.from(`audio-${String(index)}`).toString('base64'));
const resumable = { extensions: ['resume', 'job_accepted'] };
/** Life of a lease in these tests, in seconds. */
const ownerTtl = 4;
/** Generous, and still less than the job timeout, by which everything would be found in the end. */
const withinMs = 20_000;

const isAssign = ({ type }: Message) => type === 'job_assign';
const forever = () => undefined;

const jobsOn = (node: NodeClient, count: number, within?: number) =>
  eventually(`${String(count)} jobs on the node`, () => node.jobs().length >= count, within);

const accepted = (session: SessionClient, count: number) =>
  eventually('accepted', () => session.log.ofType('job_accepted').length >= count);

async function tokenOf(session: SessionClient): Promise<string> {
  const ack = await session.log.first('ack', ({ type }) => type === 'session_init_ack');
  return String(ack['resume_token']);
}

const resume = (url: string, token: string): Promise<SessionClient> =>
  SessionClient.open(url, { ...resumable, resume_token: token, last_seq: 0 });

/** Keys in which the instance is named, in their name or their value. */
async function tracesOf(fleet: Fleet, instanceId: string): Promise<string[]> {
  const names = await fleet.keys.keys(`${fleet.keyPrefix}:*`);
  const traces: string[] = [];
  for (const name of names) {
    const value = await fleet.keys.get(name).catch(() => null);
    if (name.includes(`{instance:${instanceId}}`) || name.endsWith(`presence:${instanceId}`))
      traces.push(name);
    else if (value?.startsWith(`${instanceId}|`)) traces.push(name);
    else if (value?.includes(`"instanceId":"${instanceId}"`)) traces.push(name);
  }
  const listed = await fleet.keys.smembers(`${fleet.keyPrefix}:v1:instances`);
  return [...traces.sort(), ...listed.filter((id) => id === instanceId).map((id) => `instances: ${id}`)];
}

const reaped = (fleet: Fleet, instanceId: string) =>
  eventually(
    `${instanceId} is reaped`,
    async () => !(await fleet.keys.sismember(`${fleet.keyPrefix}:v1:instances`, instanceId)),
    withinMs,
  );

const isReady = async (scheduler: Scheduler): Promise<boolean> =>
  (await scheduler.get('/readyz').catch(() => ({ status: 0 }))).status === 200;

describe('an instance that dies and never returns', () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.start({
      instances: ['a', 'b', 'c'],
      config: { scheduler: { phase2: { owner_ttl_seconds: ownerTtl } } },
    });
  });
  afterEach(() => fleet.hangUp());
  after(() => fleet.stop());

  it('leaves its jobs to the others, which have them done at once, and nothing of itself but its epoch', async () => {
    const dying = await fleet.add('dying');
    await fleet.node('dying', { nodeId: 'n-dying', slots: 2, delayMs: forever });
    const session = await fleet.session('dying', resumable);
    const token = await tokenOf(session);
    for (const index of range(5)) session.say({ index });
    await accepted(session, 5);
    assert.notDeepEqual(await tracesOf(fleet, 'dying'), []);
    await dying.kill();
    const killedMs = performance.now();
    const other = await fleet.node('b', { slots: 8 });
    await jobsOn(other, 5, withinMs);
    assert.ok(performance.now() - killedMs < withinMs);
    const back = await resume(fleet.on('c').url, token);
    for (const index of range(5)) assert.equal((await back.result(index))['text_translated'], textOf(index));
    assert.deepEqual(back.answered(), range(5));
    await reaped(fleet, 'dying');
    assert.deepEqual(await tracesOf(fleet, 'dying'), [`${fleet.keyPrefix}:v1:{instance:dying}:epoch`]);
    await back.close();
  });

  it('does not keep an assignment that waited in its inbox from another node', async () => {
    const dying = await fleet.add('dying-2');
    const onlyFirst = (job: Message) => (job['utterance_index'] === 0 ? 0 : undefined);
    await fleet.node('dying-2', { delayMs: onlyFirst });
    const session = await fleet.session('a');
    session.say({ index: 0 });
    await session.result(0);
    dying.program.signal('SIGSTOP');
    for (const index of [1, 2, 3]) session.say({ index });
    await eventually('its inbox has them', async () => {
      const name = `${fleet.keyPrefix}:streams:{instance:dying-2}:inbox`;
      return (await fleet.keys.xlen(name)) > 0;
    });
    await dying.kill();
    const other = await fleet.node('b');
    for (const index of [1, 2, 3]) {
      assert.equal((await session.result(index, withinMs))['text_translated'], textOf(index));
    }
    assert.equal(other.jobs().length, 3);
    await reaped(fleet, 'dying-2');
  });

  it('keeps its dead letters for whoever wants to know why', async () => {
    const dying = await fleet.add('dying-3');
    const inbox = `${fleet.keyPrefix}:streams:{instance:dying-3}:inbox`;
    await fleet.keys.xadd(inbox, '*', 'payload', 'not json');
    const letters = `${fleet.keyPrefix}:streams:{instance:dying-3}:dlq`;
    await eventually('the letter', async () => (await fleet.keys.xlen(letters)) === 1);
    await dying.kill();
    await reaped(fleet, 'dying-3');
    assert.deepEqual(
      await tracesOf(fleet, 'dying-3'),
      [letters, `${fleet.keyPrefix}:v1:{instance:dying-3}:epoch`].sort(),
    );
    assert.ok((await fleet.keys.pttl(letters)) > 86_400_000, 'for days, not for ever');
  });
});

describe('an instance that comes back', () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.start({
      instances: ['a', 'b'],
      config: { scheduler: { phase2: { owner_ttl_seconds: ownerTtl } } },
    });
  });
  afterEach(() => fleet.hangUp());
  after(() => fleet.stop());

  it('waits a moment while its last life is cleaned up, and then serves', async () => {
    await fleet.add('late').then((scheduler) => scheduler.kill());
    const lease = `${fleet.keyPrefix}:v1:{instance:late}:lease`;
    // What another instance holds in its place while it reaps.
    await fleet.keys.set(lease, 'b|1|some-boot|some-pod', 'PX', 60_000);
    const late = await fleet.add('late', undefined, { untilReady: false });
    await eventually('it waits', () => late.program.output.includes('is being cleaned up'));
    assert.equal(await isReady(late), false);
    await fleet.keys.del(lease);
    await eventually('it is ready', () => isReady(late));
    await fleet.node('late');
    const session = await fleet.session('late');
    session.say({ index: 0 });
    await session.result(0);
    await late.kill();
  });

  it('serves again although it was killed and started anew at once, and its old jobs are done', async () => {
    const first = await fleet.add('again');
    await fleet.node('again', { delayMs: forever });
    const session = await fleet.session('again', resumable);
    const token = await tokenOf(session);
    session.say({ index: 0 });
    await accepted(session, 1);
    await first.kill();
    const [second] = await Promise.all([fleet.add('again'), fleet.node('b')]);
    assert.ok(await isReady(second));
    const back = await resume(fleet.on('a').url, token);
    assert.equal((await back.result(0, withinMs))['text_translated'], textOf(0));
    assert.deepEqual(back.answered(), [0]);
    await back.close();
    await second.kill();
  });

  it('has its nodes’ jobs done elsewhere at once, when its pod is restarted before anybody misses it', async () => {
    const environment = { POD_UID: 'pod-1' };
    const first = await fleet.add('pod', undefined, { environment });
    const lost = await fleet.node('pod', { delayMs: forever });
    const session = await fleet.session('a');
    session.say({ index: 0 });
    await lost.log.first('job_assign', isAssign);
    const own = await SessionClient.open(first.url, resumable);
    own.say({ index: 0, audio: 'of its own session' });
    await jobsOn(lost, 2);
    await first.kill();
    const killedMs = performance.now();
    const [second, other] = await Promise.all([
      fleet.add('pod', undefined, { environment }),
      fleet.node('b'),
    ]);
    await session.result(0, withinMs);
    await eventually('both jobs went on', () => other.jobs().length === 2, withinMs);
    assert.ok(performance.now() - killedMs < withinMs, 'not after the job timeout');
    await second.kill();
  });
});

describe('an instance that only seemed dead', () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.start({
      instances: ['a', 'b'],
      config: { scheduler: { phase2: { owner_ttl_seconds: ownerTtl } } },
    });
  });
  afterEach(() => fleet.hangUp());
  after(() => fleet.stop());

  it('closes its sockets with 4009 and has no effect on what others took over', async () => {
    const zombie = await fleet.add('zombie');
    const lost = await fleet.node('zombie', { delayMs: forever });
    const session = await fleet.session('zombie', resumable);
    const token = await tokenOf(session);
    session.say({ index: 0 });
    const job = await lost.log.first('job_assign', isAssign);
    zombie.program.signal('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 2 * ownerTtl * 1000));
    await reaped(fleet, 'zombie');
    const other = await fleet.node('a');
    const back = await resume(fleet.on('b').url, token);
    const result = await back.result(0, withinMs);
    assert.equal(result['text_translated'], textOf(0));
    assert.equal(other.jobs().length, 1);
    // The zombie's node answers in the same moment in which it wakes up; so does its client.
    lost.finish({ ...job, audio: 'something else' });
    session.say({ index: 1 });
    zombie.program.signal('SIGCONT');
    assert.equal((await lost.closed).code, 4009);
    assert.equal((await session.closed).code, 4009);
    back.say({ index: 1 });
    await back.result(1);
    assert.deepEqual(back.answered(), [0, 1]);
    assert.deepEqual(session.answered(), []);
    await eventually('it is ready under a new epoch', () => isReady(zombie), withinMs);
    await back.close();
    await zombie.kill();
  });
});

describe('a Redis that lost everything', () => {
  it('finds all leases and presences again within seconds of its return, long before their next renewal', async () => {
    const fleet = await Fleet.start({
      instances: ['a', 'b'],
      config: { scheduler: { phase2: { owner_ttl_seconds: 60 } } },
    });
    try {
      await fleet.redis.restart({ keepData: false });
      const backMs = performance.now();
      await eventually('both leases and presences', async () => {
        const names = ['a', 'b'].flatMap((id) => [
          `${fleet.keyPrefix}:v1:{instance:${id}}:lease`,
          `${fleet.keyPrefix}:schedulers:presence:${id}`,
        ]);
        return (await Promise.all(names.map((name) => fleet.keys.exists(name)))).every(
          (there) => there === 1,
        );
      });
      await fleet.ready();
      const tookMs = performance.now() - backMs;
      assert.ok(tookMs < 15_000, `${String(Math.round(tookMs))} ms`);
    } finally {
      await fleet.stop();
    }
  });
});
