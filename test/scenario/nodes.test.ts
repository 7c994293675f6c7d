/** Nodes and what they are given: never more than their slots, only what they can do, and something else when they cannot. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import type { Message } from '../support/message-log.ts';
import { Machine } from '../support/node-client.ts';
import { Fleet } from './fleet.ts';

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);
const instances = ['a', 'b', 'c'] as const;
const isAssign = ({ type }: Message) => type === 'job_assign';
const forever = () => undefined;
/** Generous: the machine may be busy with other tests. */
const withinMs = 60_000;

describe('three instances that want the same nodes', () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.start({
      instances,
      config: { scheduler: { node_grace_seconds: 2 } },
    });
  });
  afterEach(() => fleet.disconnectAll());
  after(() => fleet.stop());

  it('never give a node more jobs than its slots, by the node’s own count', async () => {
    const nodes = [
      await fleet.node('a', { slots: 1, delayMs: 3 }),
      await fleet.node('b', { slots: 3, delayMs: 3 }),
    ];
    const sessions = await Promise.all(range(9).map((i) => fleet.session(instances[i % 3] ?? 'a')));
    for (const index of range(20)) for (const session of sessions) session.say({ index });
    await Promise.all(sessions.map((session) => session.result(19, withinMs)));
    for (const session of sessions) assert.deepEqual(session.answered(), range(20));
    assert.deepEqual(
      nodes.map((node) => node.mostAtOnce),
      [1, 3],
      'all slots were used, and never one more',
    );
  });

  it('count the jobs that a node brings along from another instance', async () => {
    const machine = new Machine();
    const options = { nodeId: 'n-moves', slots: 3, delayMs: 150, machine };
    await fleet.node('a', options);
    const sessions = await Promise.all(range(6).map((i) => fleet.session(instances[i % 3] ?? 'a')));
    for (const index of range(15)) for (const session of sessions) session.say({ index });
    for (const next of ['b', 'c', 'a', 'b']) {
      await eventually('it is busy', () => machine.running.size === 3, withinMs);
      const connection = machine.connection;
      await fleet.node(next, options);
      // It moved: the old connection is closed by its instance, or by the node.
      await connection?.terminate();
    }
    await Promise.all(sessions.map((session) => session.result(14, withinMs)));
    for (const session of sessions) assert.deepEqual(session.answered(), range(15));
    assert.equal(machine.mostAtOnce, 3);
  });
});

describe('jobs that wait for a full node of their own instance', () => {
  it('are given to it one for each slot that frees, so that it refuses none', async () => {
    const fleet = await Fleet.start({ instances: ['a'] });
    try {
      const node = await fleet.node('a', { slots: 4, delayMs: 5, heartbeatMs: 30_000 });
      const sessions = await Promise.all(range(4).map(() => fleet.session('a')));
      for (const index of range(30)) for (const session of sessions) session.say({ index });
      await Promise.all(sessions.map((session) => session.result(29, withinMs)));
      assert.equal(node.mostAtOnce, 4);
      const { body } = await fleet.on('a').get('/metrics');
      assert.match(body, /^scheduler_assign_refused_total\{reason="full"\} 0$/m);
    } finally {
      await fleet.stop();
    }
  });
});

describe('a node that moves while it works', () => {
  it('may deliver its result where it is now, as long as nobody took the job from it', async () => {
    const fleet = await Fleet.start({
      instances: ['a', 'b'],
      // The first instance hears of the move late, and waits for the node to come back.
      config: {
        scheduler: { node_grace_seconds: 60, phase2: { node_snapshot: { refresh_interval_ms: 60_000 } } },
      },
    });
    try {
      const machine = new Machine();
      const before = await fleet.node('a', { nodeId: 'n-keeps', delayMs: forever, machine });
      const session = await fleet.session('a');
      session.say({ index: 0 });
      const job = await before.log.first('job_assign', isAssign);
      await before.terminate();
      const moved = await fleet.node('b', { nodeId: 'n-keeps', delayMs: forever, machine });
      moved.finish(job);
      await session.result(0);
      assert.equal(moved.jobs().length, 0);
    } finally {
      await fleet.stop();
    }
  });
});

describe('nodes that cannot do everything', () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.start({
      instances: ['a', 'b'],
    });
  });
  afterEach(() => fleet.disconnectAll());
  after(() => fleet.stop());

  const core = ['asr', 'nmt', 'tts'].map((type) => ({ type, ready: true }));
  const schema2 = (part: Record<string, unknown> = {}) => ({
    register: { capability_schema_version: '2.0', capability_state: null, capability_by_type: core, ...part },
  });

  it('get only the languages they told of', async () => {
    const japanese = await fleet.node('a', schema2({ language_capabilities: { asr_languages: ['ja'] } }));
    const chinese = await fleet.node('b', schema2({ language_capabilities: { asr_languages: ['zh'] } }));
    const session = await fleet.session('a');
    for (const index of range(6)) session.say({ index });
    await session.result(5);
    assert.deepEqual([japanese.jobs().length, chinese.jobs().length], [0, 6]);
  });

  it('of schema 2.0 get jobs only when recognition, translation and speech are ready', async () => {
    const mute = await fleet.node('a', schema2({ capability_by_type: core.slice(0, 2) }));
    const session = await fleet.session('a');
    session.say({ index: 0 });
    const whole = await fleet.node('b', schema2());
    await session.result(0);
    assert.deepEqual([mute.jobs().length, whole.jobs().length], [0, 1]);
  });

  const modelMissing = {
    answer: (_: Message, result: Record<string, unknown>) => ({
      ...result,
      success: false,
      error: {
        code: 'MODEL_NOT_AVAILABLE',
        message: 'not loaded',
        details: { service_id: 'nmt-m2m100', service_version: '1', reason: 'not_loaded' },
      },
    }),
  };

  it('and say so of a model give the job to another at once, and get none for that model', async () => {
    const without = await fleet.node('a', modelMissing);
    const other = await fleet.node('b');
    // Its own instance knows the node that can from the start, and hears of the one that cannot.
    const session = await fleet.session('b');
    let said = 0;
    const sayOne = async () => {
      session.say({ index: said });
      await session.result(said);
      said += 1;
    };
    while (without.jobs().length === 0) await sayOne();
    await eventually('none goes there any more', async () => {
      const before = without.jobs().length;
      for (let more = 0; more < 10; more++) await sayOne();
      return without.jobs().length === before;
    });
    assert.deepEqual(session.log.ofType('error'), []);
    assert.equal(other.jobs().length, said, 'each job ended on the node that can');
    const { body } = await fleet.on('a').get('/metrics');
    assert.match(body, /scheduler_model_na_marked_total [1-9]/);
    assert.match(body, /scheduler_model_na_by_service_total\{service_id="nmt-m2m100"\} [1-9]/);
    assert.match(body, /scheduler_model_na_by_reason_total\{reason="not_loaded"\} [1-9]/);
  });

  it('and are the last that could have done it leave the session with what they said', async () => {
    await fleet.node('a', modelMissing);
    const session = await fleet.session('b');
    session.say({ index: 0 });
    await session.log.first('missing_result', ({ type }) => type === 'missing_result');
    assert.deepEqual(
      session.log.ofType('error').map((message) => message['code']),
      ['MODEL_NOT_AVAILABLE'],
    );
  });
});

describe('nodes of an instance that leaves', () => {
  it('are told, get nothing new, finish what they have, and are closed with 1001', async () => {
    const fleet = await Fleet.start({ instances: ['a', 'b'] });
    try {
      const busy = await fleet.node('a', { delayMs: forever });
      const session = await fleet.session('b', { extensions: ['resume', 'job_accepted'] });
      session.say({ index: 0 });
      const job = await busy.log.first('job_assign', isAssign);
      const idle = await fleet.node('a');
      const stopped = fleet.on('a').stop();
      const draining = (message: Message) => message['status'] === 'draining';
      assert.equal((await busy.log.first('draining', draining))['reason'], 'instance_leaving');
      assert.equal((await idle.closed).code, 1001);
      session.say({ index: 1 });
      await session.log.first('accepted', (m) => m.type === 'job_accepted' && m['utterance_index'] === 1);
      const other = await fleet.node('b');
      await eventually('the new job is on the other node', () => other.jobs().length === 1);
      busy.finish(job);
      await session.result(1);
      assert.deepEqual(session.answered(), [0, 1]);
      assert.equal((await busy.closed).code, 1001);
      assert.equal(busy.jobs().length, 1);
      assert.deepEqual(await stopped, { code: 0, signal: null });
    } finally {
      await fleet.stop();
    }
  });

  it('do not keep it waiting when there are none, nor anybody else', async () => {
    const fleet = await Fleet.start({
      instances: [],
      config: { scheduler: { endpoint_grace_seconds: 60, drain_timeout_seconds: 60 } },
    });
    try {
      const alone = await fleet.add('alone');
      const beganMs = performance.now();
      assert.deepEqual(await alone.stop(), { code: 0, signal: null });
      assert.ok(performance.now() - beganMs < 20_000);
    } finally {
      await fleet.stop();
    }
  });
});
