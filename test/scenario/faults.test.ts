/** What goes wrong in a fleet, and what its clients see of it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import type { Message } from '../support/message-log.ts';
import { NodeClient, translationOf } from '../support/node-client.ts';
import { Fleet } from './fleet.ts';

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);
const textOf = (index: number): string =>
  translationOf(Buffer.from(`audio-${String(index)}`).toString('base64'));

describe('jobs that take too long', () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.start({
      instances: ['a', 'b'],
      config: {
        scheduler: {
          job_timeout_seconds: 2,
          job_timeout: { pending_timeout_seconds: 2, failover_max_attempts: 1 },
        },
      },
    });
  });
  afterEach(() => fleet.disconnectAll());
  after(() => fleet.stop());

  it('gives a job that takes too long to another node, and the first one is told to stop', async () => {
    // Whichever gets the first attempt is the one that takes too long.
    const delayMs = (job: Message) =>
      job['utterance_index'] === 0 && job['attempt_id'] === 1 ? undefined : 0;
    const nodes = [await fleet.node('a', { delayMs }), await fleet.node('b', { delayMs })];
    const session = await fleet.session('b');
    session.say({ index: 0 });
    const result = await session.result(0);
    assert.equal(result['text_translated'], textOf(0));
    const attempts = nodes.map((node) => node.jobs().map((job) => job['attempt_id']));
    assert.deepEqual(attempts.toSorted(), [[1], [2]]);
    const stuck = nodes[attempts[0]?.[0] === 1 ? 0 : 1]!;
    const cancel = await stuck.log.first('job_cancel', ({ type }) => type === 'job_cancel');
    assert.equal(cancel['reason'], 'job_timeout');
    const [job] = stuck.jobs();
    assert.ok(job);
    stuck.finish(job);
    session.say({ index: 1 });
    await session.result(1);
    assert.deepEqual(session.answered(), [0, 1], 'the late result of the first node is dropped');
  });

  it('ends a job that takes too long everywhere exactly once, as JOB_TIMEOUT', async () => {
    const stuck = await fleet.node('a', { delayMs: () => undefined });
    const session = await fleet.session('a');
    session.say({ index: 0 });
    await session.log.first('missing_result', ({ type }) => type === 'missing_result');
    assert.deepEqual(
      session.log.ofType('error').map((message) => message['code']),
      ['JOB_TIMEOUT'],
    );
    assert.equal(stuck.jobs().length, 2);
  });

  it('ends a job for which there is no node exactly once, when waiting for one is over', async () => {
    const session = await fleet.session('a');
    session.say({ index: 0 });
    await session.log.first('missing_result', ({ type }) => type === 'missing_result');
    const [error] = session.log.ofType('error');
    assert.equal(error?.['code'], 'NODE_UNAVAILABLE');
    const event = await session.event('ERROR');
    assert.equal(event['error_code'], 'NO_AVAILABLE_NODE');
    session.say({ index: 1 });
    await session.log.first('second', (m) => m.type === 'missing_result' && m['utterance_index'] === 1);
    assert.deepEqual(session.answered(), [0, 1]);
  });
});

describe('nodes that come and go', () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.start({ instances: ['a', 'b'], config: { scheduler: { node_grace_seconds: 4 } } });
  });
  afterEach(() => fleet.disconnectAll());
  after(() => fleet.stop());

  it('places the jobs of a node that disconnects at once, not after the job timeout', async () => {
    const lost = await fleet.node('a', { delayMs: () => undefined });
    const session = await fleet.session('b');
    session.say({ index: 0 });
    await lost.log.first('job_assign', ({ type }) => type === 'job_assign');
    const other = await fleet.node('b');
    await lost.terminate();
    await session.result(0);
    assert.equal(other.jobs()[0]?.['attempt_id'], 2);
    assert.deepEqual(session.log.ofType('error'), []);
  });

  it('lets a node that comes back in time keep its jobs', async () => {
    const lost = await fleet.node('a', { delayMs: () => undefined });
    const session = await fleet.session('b');
    session.say({ index: 0 });
    const job = await lost.log.first('job_assign', ({ type }) => type === 'job_assign');
    await lost.terminate();
    const back = await fleet.node('a', { nodeId: lost.nodeId });
    back.finish(job);
    await session.result(0);
    assert.equal(back.jobs().length, 0, 'it was not given the job a second time');
  });

  it('believes the newest connection of a node', async () => {
    const old = await fleet.node('a', { nodeId: 'n-1' });
    const fresh = await NodeClient.open(fleet.on('a').url, { nodeId: 'n-1' });
    assert.equal((await old.closed).code, 4009);
    const elsewhere = await fleet.node('b', { nodeId: 'n-1' });
    assert.equal((await fresh.closed).code, 4009);
    const session = await fleet.session('a');
    session.say({ index: 0 });
    await session.result(0);
    assert.equal(elsewhere.jobs().length, 1);
  });
});

describe('instances that go', () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.start({ instances: ['to-stop', 'to-kill', 'b'] });
  });
  afterEach(() => fleet.hangUp());
  after(() => fleet.stop());

  it('lets running jobs finish when an instance is asked to stop, and that instance exits 0', async () => {
    const node = await fleet.node('to-stop', { delayMs: 2500 });
    const session = await fleet.session('b');
    const local = await fleet.session('to-stop');
    for (const client of [session, local]) client.say({ index: 0 });
    await eventually('both jobs run', () => node.running === 2);
    const stopped = fleet.on('to-stop').stop();
    await Promise.all([session.result(0), local.result(0)]);
    assert.deepEqual(await stopped, { code: 0, signal: null });
    assert.equal((await node.closed).code, 1001);
    assert.equal((await local.closed).code, 1001);
    assert.deepEqual(session.log.ofType('error'), []);
  });

  it('takes up the jobs of an instance that was killed', async () => {
    const lost = await fleet.node('to-kill', { delayMs: () => undefined });
    const session = await fleet.session('b');
    session.say({ index: 0 });
    await lost.log.first('job_assign', ({ type }) => type === 'job_assign');
    await fleet.node('b');
    await fleet.on('to-kill').kill();
    await session.result(0);
    assert.deepEqual(session.log.ofType('error'), []);
  });

  it('hands over what does not finish in time when an instance stops', async () => {
    await fleet.add('impatient', { scheduler: { drain_timeout_seconds: 0.3 } });
    const slow = await fleet.node('impatient', { delayMs: () => undefined });
    const session = await fleet.session('b');
    session.say({ index: 0 });
    await slow.log.first('job_assign', ({ type }) => type === 'job_assign');
    await fleet.node('b');
    assert.equal((await fleet.on('impatient').stop()).code, 0);
    await session.result(0);
    assert.deepEqual(session.log.ofType('error'), []);
  });

  it('do not wait for connections that ask nothing, as proxies and scrapers make in advance', async () => {
    const beset = await fleet.add('beset');
    const silent = [beset.url, beset.adminUrl].map((at) => {
      const { hostname: host, port } = new URL(at);
      return connect({ host, port: Number(port) });
    });
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    const ended = silent.map((socket) => once(socket, 'close'));
    assert.deepEqual(await beset.stop(), { code: 0, signal: null });
    await Promise.all(ended);
  });
});

describe('a Redis that goes', () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.start({ instances: ['a', 'b'], redis: { aof: true } });
  });
  beforeEach(() => fleet.ready());
  afterEach(() => fleet.disconnectAll());
  after(() => fleet.stop());

  it('goes on through a restart of Redis that keeps its data', async () => {
    await fleet.node('a', { delayMs: 100 });
    const session = await fleet.session('b');
    session.say({ index: 0 });
    await session.result(0);
    for (const index of range(6)) session.say({ index: index + 1 });
    await fleet.redis.restart({ keepData: true });
    for (const index of range(3)) session.say({ index: index + 7 });
    await session.result(9);
    assert.deepEqual(session.answered(), range(10));
  });

  it('goes on after Redis came back with nothing: what is connected and what runs is recorded again', async () => {
    const node = await fleet.node('a', { delayMs: 700 });
    const session = await fleet.session('b');
    session.say({ index: 0 });
    session.say({ index: 1 });
    await eventually('both jobs run', () => node.running === 2);
    await fleet.redis.restart({ keepData: false });
    session.say({ index: 2 });
    await session.result(2);
    assert.deepEqual(session.answered(), range(3));
    assert.deepEqual(session.log.ofType('error'), []);
  });

  it('is not ready and stays alive while Redis is away, and comes back by itself', async () => {
    const status = async (path: string) => (await fleet.on('a').get(path)).status;
    await fleet.redis.kill();
    await eventually('readyz says no, and that it is Redis', async () => {
      const { status: code, body } = await fleet.on('a').get('/readyz');
      return code === 503 && body.includes('redis: ');
    });
    assert.equal(await status('/livez'), 200);
    assert.equal(await status('/health'), 200);
    await fleet.redis.restart({ keepData: true });
    await eventually('readyz says yes', async () => (await status('/readyz')) === 200);
  });

  it('closes its sockets when it cannot renew its lease, and takes new ones when it can again', async () => {
    const session = await fleet.session('a');
    await fleet.redis.kill();
    assert.equal((await session.closed).code, 4009);
    await fleet.redis.restart({ keepData: true });
    await eventually('ready again', async () => (await fleet.on('a').get('/readyz')).status === 200);
    await fleet.node('a');
    const again = await fleet.session('a');
    again.say({ index: 0 });
    await again.result(0);
  });
});
