/** Jobs between instances as clients and nodes see them. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, afterEach, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { eventually } from '../support/eventually.ts';
import { translationOf } from '../support/node-client.ts';
import { Fleet } from './fleet.ts';

const base64 = (audio: string): string => Buffer.from(audio).toString('base64');
const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

describe('two instances around one Redis', () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.start({ instances: ['scheduler-1', 'scheduler-2'] });
  });
  afterEach(() => fleet.disconnectAll());
  after(() => fleet.stop());

  const places: readonly [title: string, node: string, session: string][] = [
    ['node and session on different instances', 'scheduler-1', 'scheduler-2'],
    ['node and session on different instances, the other way round', 'scheduler-2', 'scheduler-1'],
    ['node and session on the same instance', 'scheduler-1', 'scheduler-1'],
  ];
  for (const [title, nodeAt, sessionAt] of places) {
    it(`translate with ${title}`, async () => {
      await fleet.node(nodeAt, { acknowledges: true });
      const session = await fleet.session(sessionAt);
      session.say({ index: 0, audio: 'hello' });
      const result = await session.result(0);
      assert.equal(result['text_translated'], translationOf(base64('hello')));
      assert.equal(result['session_id'], session.sessionId);
      assert.equal(result['tts_format'], 'pcm16');
      await session.event('NODE_ACCEPTED');
      const events = session.log.ofType('ui_event').map((message) => String(message['event']));
      assert.deepEqual([...events].sort(), ['ASR_FINAL', 'DISPATCHED', 'NMT_DONE', 'NODE_ACCEPTED']);
    });
  }

  it('carry payloads that are too large for a hint, in both directions', async () => {
    const node = await fleet.node('scheduler-1', {
      answer: (_, result) => ({ ...result, tts_audio: 'B'.repeat(300_000) }),
    });
    const session = await fleet.session('scheduler-2');
    const audio = 'x'.repeat(400_000);
    session.say({ index: 0, audio });
    const result = await session.result(0);
    assert.equal(result['text_translated'], translationOf(base64(audio)));
    assert.equal(String(result['tts_audio']).length, 300_000);
    assert.equal(node.jobs().length, 1);
  });

  it('send a node exactly the assignment it expects', async () => {
    const node = await fleet.node('scheduler-1');
    const session = await fleet.session('scheduler-2', { mode: 'two_way_auto', lang_a: 'zh', lang_b: 'en' });
    session.say({ index: 5, audio: 'a "quoted" \\ text' });
    await session.result(5);
    const [job] = node.jobs();
    assert.ok(job);
    const { job_id, trace_id, ...rest } = job;
    assert.match(String(job_id), /^job-/);
    assert.match(String(trace_id), /^[0-9a-f-]{36}$/);
    assert.deepEqual(rest, {
      type: 'job_assign',
      attempt_id: 1,
      session_id: session.sessionId,
      utterance_index: 5,
      src_lang: 'zh',
      tgt_lang: 'en',
      pipeline: { use_asr: true, use_nmt: true, use_tts: true },
      audio: base64('a "quoted" \\ text'),
      audio_format: 'pcm16',
      sample_rate: 16_000,
      mode: 'two_way_auto',
      lang_a: 'zh',
      lang_b: 'en',
      enable_streaming_asr: true,
      partial_update_interval_ms: 1000,
    });
  });

  it('deliver in the order of the utterances, however the nodes finish', async () => {
    const delays = [160, 20, 120, 5, 90, 40, 150, 10];
    const delayMs = (job: Record<string, unknown>) => delays[Number(job['utterance_index'])];
    await fleet.node('scheduler-1', { delayMs });
    await fleet.node('scheduler-2', { delayMs });
    const session = await fleet.session('scheduler-2');
    for (const index of range(8)) session.say({ index });
    await session.result(7);
    assert.deepEqual(session.answered(), range(8));
  });

  it('tell of a failed job in its place and go on', async () => {
    await fleet.node('scheduler-1', {
      answer: (job, result) =>
        job['utterance_index'] === 1
          ? { ...result, success: false, error: { code: 'MODEL_LOAD_FAILED', message: 'no memory' } }
          : result,
    });
    const session = await fleet.session('scheduler-2');
    for (const index of range(3)) session.say({ index });
    await session.result(2);
    assert.deepEqual(session.answered(), [0, 1, 2]);
    const [error] = session.log.ofType('error');
    assert.equal(error?.['code'], 'MODEL_LOAD_FAILED');
    const [missing] = session.log.ofType('missing_result');
    assert.equal(missing?.['reason'], 'failed');
    const failed = session.log.ofType('ui_event').filter((message) => message['event'] === 'ERROR');
    assert.deepEqual(
      failed.map((message) => message['error_code']),
      ['MODEL_LOAD_FAILED'],
    );
  });

  it('let a job wait for a node, and dispatch it the moment one is ready', async () => {
    const session = await fleet.session('scheduler-2');
    session.say({ index: 0 });
    await fleet.node('scheduler-1');
    await session.result(0);
    assert.deepEqual(session.log.ofType('error'), []);
  });

  it('never give a node more jobs than it has slots, while both race for them', async () => {
    const node = await fleet.node('scheduler-1', { slots: 2, delayMs: 15 });
    const sessions = await Promise.all(['scheduler-1', 'scheduler-2'].map((id) => fleet.session(id)));
    for (const session of sessions) for (const index of range(20)) session.say({ index });
    await Promise.all(sessions.map((session) => session.result(19)));
    assert.equal(node.mostAtOnce, 2);
    for (const session of sessions) {
      assert.deepEqual(session.answered(), range(20));
      assert.deepEqual(session.log.ofType('error'), []);
    }
  });

  it('start a request once, however often it is sent', async () => {
    const node = await fleet.node('scheduler-1', { delayMs: 50 });
    const session = await fleet.session('scheduler-2');
    for (let sent = 0; sent < 5; sent++) session.say({ index: 0, requestId: 'r-1' });
    session.say({ index: 1, requestId: 'r-2' });
    await session.result(1);
    assert.deepEqual(session.answered(), [0, 1]);
    assert.equal(node.jobs().length, 2);
  });

  it('answer the commands of the guide as it prints them', async () => {
    const node = await fleet.node('scheduler-1');
    const session = await fleet.session('scheduler-2');
    session.say({ index: 0 });
    await session.result(0);
    const redis = async (...command: string[]) => {
      const args = ['-p', String(fleet.redis.port), ...command];
      return (await promisify(execFile)('redis-cli', args)).stdout.trim();
    };
    const p = fleet.keyPrefix;

    const presences = (await redis('KEYS', `${p}:schedulers:presence:*`)).split('\n').sort();
    assert.deepEqual(
      presences,
      ['scheduler-1', 'scheduler-2'].map((id) => `${p}:schedulers:presence:${id}`),
    );
    const presence = JSON.parse(await redis('GET', `${p}:schedulers:presence:scheduler-1`)) as Record<
      string,
      unknown
    >;
    assert.equal(presence['instance_id'], 'scheduler-1');
    assert.ok(Number(presence['pid']) === fleet.on('scheduler-1').program.pid);

    const inbox = `${p}:streams:{instance:scheduler-1}:inbox`;
    assert.match(await redis('XINFO', 'STREAM', inbox), /^length/);
    assert.match(await redis('XINFO', 'GROUPS', inbox), /scheduler/);
    await eventually('nothing is pending', async () =>
      (await redis('XPENDING', inbox, 'scheduler')).startsWith('0'),
    );
    assert.equal(await redis('XLEN', `${p}:streams:{instance:scheduler-1}:dlq`), '0');

    assert.equal(await redis('SMEMBERS', `${p}:v1:nodes:all`), node.nodeId);
    const snapshot = await redis('GET', `${p}:v1:nodes:snapshot:${node.nodeId}`);
    const { status, online, max_concurrent_jobs } = JSON.parse(snapshot) as Record<string, unknown>;
    assert.deepEqual([status, online, max_concurrent_jobs], ['ready', true, 4]);
  });

  it('show every metric of the guide', async () => {
    await fleet.node('scheduler-1');
    const session = await fleet.session('scheduler-2');
    session.say({ index: 0 });
    await session.result(0);
    const { body } = await fleet.on('scheduler-2').get('/metrics');
    const expected = [
      /^scheduler_phase2_redis_op_total\{op="xreadgroup",result="ok"\} [1-9]/m,
      /^scheduler_phase2_inbox_pending \d/m,
      /^scheduler_phase2_dlq_moved_total 0/m,
      /^scheduler_phase2_presence_heartbeat_total [1-9]/m,
      /^scheduler_jobs_total\{status="completed"\} [1-9]/m,
      /^scheduler_nodes_total\{status="ready"\} 0/m,
      /^scheduler_sessions_total 1/m,
      /^scheduler_node_selection_duration_seconds_count [1-9]/m,
      /^scheduler_redis_op_duration_seconds_count\{op="accept"\} [1-9]/m,
      /^scheduler_job_duration_seconds_count\{stage="delivered"\} [1-9]/m,
    ];
    for (const line of expected) assert.match(body, line);
  });

  it('keep heartbeats and goodbyes of the protocol', async () => {
    const session = await fleet.session('scheduler-1');
    session.send({ type: 'client_heartbeat', session_id: session.sessionId, timestamp: 1 });
    const beat = await session.log.first('server_heartbeat', ({ type }) => type === 'server_heartbeat');
    assert.ok(Math.abs(Number(beat['timestamp']) - Date.now()) < 60_000);
    session.send({ type: 'session_close', session_id: session.sessionId, reason: 'done' });
    await session.log.first('session_close_ack', ({ type }) => type === 'session_close_ack');
    session.say({ index: 0 });
    await session.log.first('error', (message) => message['code'] === 'INVALID_SESSION');
  });

  it('move an inbox entry nobody can read to the dead letters, and count it', async () => {
    const inbox = `${fleet.keyPrefix}:streams:{instance:scheduler-1}:inbox`;
    const args = ['-p', String(fleet.redis.port), 'XADD', inbox, '*', 'payload', 'not JSON'];
    await promisify(execFile)('redis-cli', args);
    await eventually('it is counted', async () => {
      const { body } = await fleet.on('scheduler-1').get('/metrics');
      return body.includes('scheduler_phase2_dlq_moved_total 1\n');
    });
  });
});
