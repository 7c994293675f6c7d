import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SeenEvent } from '../events.ts';
import { conditionsOf, fleet, nowMs, pod, told } from '../../../test/fakes/told-fleet.ts';
import { judged } from '../judge.ts';
import { promotable } from '../commands/rollout.ts';
import { instancesOf, instancesTable } from './instances.ts';
import { age, wrapped } from './layout.ts';
import { leftBehind } from './left-behind.ts';
import { merged, prefixed } from './log-lines.ts';
import { clustersTable, statusScreen } from './status.ts';
import { styleFor } from './style.ts';

const plain = styleFor({ isTerminal: false, noColor: undefined, term: undefined });
const colours = styleFor({ isTerminal: true, noColor: undefined, term: 'xterm' });
const screen = { style: plain, width: 100, nowMs };

const event = (reason: string, message: string, lastTimestamp: string): SeenEvent => ({
  ...{
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: reason },
    type: 'Warning',
    reason,
    message,
    lastTimestamp,
  },
  involvedObject: { kind: 'Pod', name: 'demo-1' },
});

describe('the screen of a fleet', () => {
  it('is short when all is well', () => {
    assert.equal(
      statusScreen({ cluster: fleet(), pods: [pod(0), pod(1)], events: [] }, screen),
      `demo in speech: Ready
  2 of 2 instances are ready.

  instances  2 wanted, 2 made, 2 ready, 2 up to date
  image      lingua-scheduler:1
  redis      single, redis://redis:6379, keys lingua:*
  update     Settled

Conditions
  ok   Ready, Available, not Progressing, not Degraded, ConfigValid, RedisReachable,
       InstancesUnique, RoutingVerified, Drained, ProductionReady

Instances
  ID      STATE  RESTARTS  AGE  SESSIONS  NODES  HOST    NOTES
  demo-0  Ready  0         4m   4         1      worker
  demo-1  Ready  0         4m   4         1      worker

Events of the last hour: none
`,
    );
  });

  it('tells first what fails, with what to do', () => {
    const lost = 'demo-1 does not reach Redis: ECONNREFUSED. Check that Redis runs.';
    const conditions = conditionsOf({
      Ready: ['False', 'Unreachable', lost],
      RedisReachable: ['False', 'Unreachable', lost],
      ProductionReady: ['False', 'SingleRedis', 'One Redis.'],
      RoutingVerified: ['Unknown', 'RouteNotTried', 'Wait.'],
    });
    const events = [
      event('BackOff', 'Back-off\u001b[2J', '2026-01-02T03:00:00Z'),
      event('Old', 'old', '2026-01-01T00:00:00Z'),
    ];
    const text = statusScreen({ cluster: fleet({ conditions }), pods: [], events }, screen);
    assert.match(text, /^demo in speech: Not ready \(Unreachable\)\n {2}demo-1 does not reach Redis/);
    assert.match(text, /FAIL RedisReachable Unreachable\n {2}/);
    assert.match(text, /warn ProductionReady SingleRedis/);
    assert.match(text, /\? {4}RoutingVerified RouteNotTried/);
    assert.match(text, / {2}4m {2}BackOff {2}demo-1: Back-off\?\[2J\n/);
    assert.ok(!text.includes('old'));
  });

  it('tells what hinders an update that is under way', () => {
    const conditions = conditionsOf({
      Ready: ['False', 'RollingOut', 'Under way.'],
      Progressing: ['True', 'RollingOut', 'Under way.'],
      Degraded: ['True', 'ImagePullFailed', 'demo-1: not found. Check spec.image.'],
    });
    const text = statusScreen({ cluster: fleet({ conditions }), pods: [], events: [] }, screen);
    assert.match(text, /^demo in speech: Not ready yet \(RollingOut\), ImagePullFailed\n {2}Under way\.\n/);
    assert.match(
      text,
      /\n {2}\.\.\. {2}Progressing RollingOut\n {2}FAIL Degraded ImagePullFailed\n {7}demo-1: not found/,
    );
  });

  it('says that the operator has not acted on the last change', () => {
    const text = statusScreen(
      { cluster: fleet({}, { generation: 4 }), pods: [], events: { why: 'nobody may' } },
      screen,
    );
    assert.match(text, /^demo in speech: Not known yet/);
    assert.match(text, /note +the operator has not yet acted on the last change \(generation 4\)/);
    assert.match(text, /not shown: nobody may/);
  });

  it('has colours only on a terminal that wants them', () => {
    const seen = { cluster: fleet(), pods: [pod(0)], events: [] };
    assert.ok(statusScreen(seen, { ...screen, style: colours }).includes('\u001b[32mReady\u001b[39m'));
    for (const off of [
      { isTerminal: false, noColor: undefined, term: 'xterm' },
      { isTerminal: true, noColor: '1', term: 'xterm' },
      { isTerminal: true, noColor: undefined, term: 'dumb' },
    ])
      assert.ok(!statusScreen(seen, { ...screen, style: styleFor(off) }).includes('\u001b'));
  });

  it('of many is a line each', () => {
    const conditions = conditionsOf({
      Ready: ['False', 'TooFewReady', ''],
      Degraded: ['True', 'CrashLooping', ''],
    });
    const text = clustersTable(
      [fleet(), fleet({ conditions, readyReplicas: 0 }, { name: 'b' })],
      screen,
      true,
    );
    assert.equal(
      text,
      `NAMESPACE  NAME  INSTANCES  READY  REASON       AGE  TROUBLE
speech     demo  2/2        yes    FleetReady   27h
speech     b     0/2        no     TooFewReady  27h  CrashLooping
`,
    );
  });
});

describe('an instance', () => {
  it('says why it is not as it should be', () => {
    const deadlineTime = '2026-01-02T03:05:00Z';
    const drain = { reason: 'ScaleDown', startTime: deadlineTime, deadlineTime, done: false } as const;
    const instances = [
      told(0, { state: 'Draining', sessions: 1, jobs: 2, drain }),
      told(1, { restartReasons: ['image'], configCurrent: false }),
    ];
    const waiting = { waiting: { reason: 'CrashLoopBackOff' } };
    const lastState = { terminated: { exitCode: 78, reason: 'Error' } };
    const pods = [pod(0), pod(1, { restartCount: 3, state: waiting, lastState })];
    const [zero, one] = instancesOf(fleet({ instances }), pods, nowMs);
    assert.deepEqual(zero?.notes, [
      `ScaleDown: 1 session, 1 node, 2 jobs left, until ${deadlineTime} at most`,
    ]);
    assert.deepEqual(one?.notes, [
      'will restart: image',
      'runs with an older configuration',
      'CrashLoopBackOff',
      'last ended with code 78 (Error)',
    ]);
  });

  it('that the operator has not told of yet is shown by its pod', () => {
    const all = instancesOf(fleet({ instances: [] }), [pod(10), pod(9)], nowMs);
    assert.deepEqual(
      all.map(({ id, state }) => [id, state]),
      [
        ['demo-9', 'Running'],
        ['demo-10', 'Running'],
      ],
    );
    assert.equal(instancesTable([], plain), 'no instances\n');
  });
});

describe('conditions', () => {
  it('of an older object say nothing about this one', () => {
    const cluster = fleet({ conditions: conditionsOf({}, 2) });
    assert.deepEqual(new Set(judged(cluster).map(({ level }) => level)), new Set(['unknown']));
  });

  it('that move by themselves are no failures, and a pause is to be remembered', () => {
    const conditions = conditionsOf({
      Progressing: ['True', 'Scaling', ''],
      Drained: ['False', 'Draining', ''],
    });
    const levels = judged(fleet({ conditions })).filter(({ level }) => level !== 'ok');
    assert.deepEqual(
      levels.map(({ type, level }) => [type, level]),
      [
        ['Progressing', 'moving'],
        ['Drained', 'moving'],
      ],
    );
    const paused = judged(fleet({ conditions: conditionsOf({ Progressing: ['False', 'Paused', ''] }) }));
    assert.equal(paused.find(({ type }) => type === 'Progressing')?.level, 'warn');
  });
});

describe('a promotion', () => {
  const canary = (reason: string, verdict?: 'Failed') => {
    const rollout = { revision: 'abc', ...(verdict ? { verdict } : {}) };
    const cluster = fleet({ rollout, conditions: conditionsOf({ Progressing: ['True', reason, ''] }) });
    Object.assign(cluster.spec.rollout, { canary: { replicas: 1 } });
    return cluster;
  };

  it('is of the change that has a canary now, or had one that failed', () => {
    for (const reason of ['CanarySoaking', 'CanaryWaiting', 'AwaitingPromotion'])
      assert.equal(promotable(canary(reason)), 'abc');
    assert.equal(promotable(canary('Settled', 'Failed')), 'abc');
  });

  it('is refused when nothing waits, or when nobody knows yet', () => {
    assert.throws(() => promotable(canary('Settled')), /no canary to promote: it is Settled/);
    assert.throws(
      () => promotable({ ...canary('CanarySoaking'), metadata: { name: 'demo', generation: 4 } }),
      /has not seen the last change/,
    );
  });
});

describe('logs', () => {
  const line = (time: string, msg: string) => JSON.stringify({ level: 'INFO', time, msg });

  it('are in the order of time, and what has none stays where it was', () => {
    const logs = new Map([
      [
        'demo-0',
        [line('2026-01-01T00:00:01.000Z', 'a'), '    at stack', line('2026-01-01T00:00:04.000Z', 'd')],
      ],
      [
        'demo-1',
        ['before all', line('2026-01-01T00:00:02.000Z', 'b'), line('2026-01-01T00:00:03.000Z', 'c')],
      ],
    ]);
    const said = merged(logs).map(
      ({ from, text }) => `${from} ${/"msg":"(.)"/.exec(text)?.[1] ?? text.trim()}`,
    );
    assert.deepEqual(said, [
      'demo-1 before all',
      'demo-0 a',
      'demo-0 at stack',
      'demo-1 b',
      'demo-1 c',
      'demo-0 d',
    ]);
  });

  it('have the name of their instance in front', () => {
    assert.equal(
      prefixed({ from: 'demo-0', text: '{}' }, 7, (text) => text),
      '[demo-0]  {}\n',
    );
  });
});

describe('what an instance still holds', () => {
  it('is read from its metrics, as far as they tell', () => {
    const metrics =
      'scheduler_sessions_total 3\nscheduler_nodes_total{status="ready"} 1\nscheduler_nodes_total{status="offline"} 0\n';
    assert.equal(leftBehind(metrics), '3 sessions, 1 node');
    assert.equal(leftBehind(''), '');
  });
});

describe('figures for people', () => {
  it('are ages as kubectl has them', () => {
    const ago = (seconds: number) => age(new Date(nowMs - seconds * 1000).toISOString(), nowMs);
    assert.deepEqual(
      [ago(5), ago(119), ago(600), ago(7200), ago(3 * 86_400)],
      ['5s', '119s', '10m', '2h', '3d'],
    );
    assert.equal(age(undefined, nowMs), '');
  });

  it('are paragraphs that fit', () => {
    assert.equal(wrapped('one two three', 9, '  '), 'one two\n  three');
  });
});
