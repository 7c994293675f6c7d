import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { conditionsOf, fleet, nowMs, pod, told } from '../../../test/fakes/told-fleet.ts';
import type { Pod } from '../../kube/resources.ts';
import { spokesman } from '../ask.ts';
import { styleFor } from '../text/style.ts';
import { findingsTable, outsideFindings } from './doctor.ts';
import { dlqOf } from './dlq.ts';
import { leaverOf } from './drain.ts';

const running = { state: { running: {} } };

function ready(ordinal: number): Pod {
  const made = pod(ordinal, running);
  return { ...made, status: { ...made.status, conditions: [{ type: 'Ready', status: 'True' }] } };
}

describe('dlq [NAME] ACTION [ENTRY...]', () => {
  it('finds the action after a name, or without one', () => {
    assert.deepEqual(dlqOf(['list']), { name: undefined, action: 'list', entries: [] });
    assert.deepEqual(dlqOf(['demo', 'replay', '1-0', '2-0']), {
      name: 'demo',
      action: 'replay',
      entries: ['1-0', '2-0'],
    });
    assert.deepEqual(dlqOf(['show', '1-0']), { name: undefined, action: 'show', entries: ['1-0'] });
    assert.deepEqual(dlqOf(['list', 'drop']), { name: 'list', action: 'drop', entries: [] });
    assert.throws(() => dlqOf(['demo']), /dlq needs one of list, show, replay, drop/);
  });
});

describe('who may be drained', () => {
  it('is an instance that others can stand in for', () => {
    assert.equal(leaverOf(fleet(), [ready(0), ready(1)], 'demo-1', false).metadata.name, 'demo-1');
    assert.equal(leaverOf(fleet(), [ready(0), pod(1)], 'demo-1', false).metadata.name, 'demo-1');
  });

  it('is not the only one that is ready, unless it is forced', () => {
    assert.throws(
      () => leaverOf(fleet(), [pod(0), ready(1)], 'demo-1', false),
      /only instance that is ready.*\nScale up first, or say --force/,
    );
    assert.equal(leaverOf(fleet(), [pod(0), ready(1)], 'demo-1', true).metadata.name, 'demo-1');
  });

  it('is none that leaves already, or is not there', () => {
    const leaving = {
      ...ready(1),
      metadata: { ...ready(1).metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    };
    assert.throws(() => leaverOf(fleet(), [ready(0), leaving], 'demo-1', true), /demo-1 leaves already$/);
    assert.throws(
      () => leaverOf(fleet(), [ready(0), ready(2)], 'demo-2', true),
      /demo is to have 2 instances/,
    );
    assert.throws(() => leaverOf(fleet(), [], 'demo-0', false), /no instance demo-0 now\nThere are: none\./);
  });
});

describe('who is asked', () => {
  it('is one that is ready, else one that runs', () => {
    assert.equal(spokesman(fleet(), [pod(0, running), ready(1)]).metadata.name, 'demo-1');
    assert.equal(spokesman(fleet(), [pod(0), pod(1, running)]).metadata.name, 'demo-1');
    assert.throws(() => spokesman(fleet(), [pod(0)]), /nobody to ask\n.*--previous/);
  });
});

describe('what the doctor sees from outside', () => {
  it('are conditions and odd instances, each with how bad it is', () => {
    const conditions = conditionsOf({
      RedisReachable: ['False', 'Unreachable', 'demo-1: ECONNREFUSED'],
      ProductionReady: ['False', 'SingleInstance', 'One.'],
    });
    const instances = [told(0), told(1, { restartReasons: ['image'] })];
    const cluster = fleet({ conditions, instances }, { generation: 3 });
    const found = outsideFindings(cluster, [pod(0), pod(1)], nowMs).filter(({ level }) => level !== 'ok');
    assert.deepEqual(
      found.map(({ level, check, what }) => [level, check, what]),
      [
        ['fail', 'RedisReachable', 'Unreachable: demo-1: ECONNREFUSED'],
        ['warn', 'ProductionReady', 'SingleInstance: One.'],
        ['warn', 'demo-1', 'will restart: image'],
      ],
    );
    const [first] = outsideFindings(fleet({}, { generation: 4 }), [], nowMs);
    assert.ok(first?.check === 'operator');
    const style = styleFor({ isTerminal: false, noColor: undefined, term: undefined });
    assert.match(
      findingsTable([first], style),
      /^warn {2}operator {2}it has not acted .* {2}-> if it stays so/,
    );
  });
});
