import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from '../config/load.ts';
import { adviceOn } from './config-advice.ts';

const named = '[scheduler.phase2]\ninstance_id = "scheduler-1"\n';
const advice = (text: string): string[] => adviceOn(parseConfig(`${text}\n${named}`, 'config.toml').config);

describe('advice on a configuration', () => {
  it('is not given on the defaults, with a name of its own for the instance', () => {
    assert.deepEqual(advice(''), []);
  });

  const doubtful: readonly [what: string, text: string, expected: RegExp][] = [
    [
      'heartbeats that come more seldom than they are waited for',
      '[scheduler]\nheartbeat_interval_seconds = 44\n[scheduler.node_health]\nheartbeat_timeout_seconds = 44',
      /^heartbeat_timeout_seconds is not longer than heartbeat_interval_seconds/,
    ],
    [
      'nodes that vanish between two heartbeats',
      '[scheduler.phase2.node_snapshot]\npresence_ttl_seconds = 15',
      /^presence_ttl_seconds is not longer than heartbeat_interval_seconds/,
    ],
    [
      'nodes that vanish between two refreshes',
      '[scheduler.phase2.node_snapshot]\nrefresh_interval_ms = 45000',
      /^presence_ttl_seconds is not longer than refresh_interval_ms/,
    ],
    [
      'nodes that are removed while they are there',
      '[scheduler.phase2.node_snapshot]\nremove_stale_after_seconds = 44',
      /^remove_stale_after_seconds is shorter/,
    ],
    [
      'failures that are never counted so far',
      '[scheduler.node_health.failure_threshold]\nconsecutive_failure_count = 6',
      /is more than window_size/,
    ],
    [
      'two pools with one id',
      '[scheduler.phase3]\npools = [{ pool_id = 1, name = "a" }, { pool_id = 1, name = "b" }]',
      /^two of the pools have one pool_id/,
    ],
    [
      'request ids that are forgotten too early',
      '[scheduler]\njob_timeout_seconds = 3600',
      /^job_timeout_seconds is longer/,
    ],
    ['answers that are too large', '[limits]\nmax_node_payload_bytes = 1024', /^max_payload_bytes is larger/],
  ];
  for (const [what, text, expected] of doubtful) {
    it(`is given on ${what}, and on nothing else`, () => {
      const given = advice(text);
      assert.equal(given.length, 1, given.join('\n'));
      assert.match(given[0] ?? '', expected);
    });
  }

  it('is not given on nodes that are never removed', () => {
    assert.deepEqual(advice('[scheduler.phase2.node_snapshot]\nremove_stale_after_seconds = 0'), []);
  });
});
