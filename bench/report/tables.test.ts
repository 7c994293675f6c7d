import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Sample } from '../measure/round-trips.ts';
import { partsTable, tripsTable } from './tables.ts';

const sample = (system: string, round: number, cpuUs: number, part: Partial<Sample> = {}): Sample => ({
  system,
  round,
  inFlight: 16,
  tripsPerSecond: 1000,
  p50Ms: 1,
  p99Ms: 2,
  cpu: { total: cpuUs, a: cpuUs / 2, b: cpuUs / 4, redis: cpuUs / 4 },
  redis: { commands: 4, scripts: 2, bytesIn: 900, bytesOut: 300 },
  ...part,
});

const cells = (markdown: string, row: number): string[] =>
  markdown
    .split('\n')
    [row + 2]!.split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

describe('tables', () => {
  it('takes ratios within a round, so that a machine that slowed down between rounds changes none', () => {
    const samples = [
      sample('ours', 1, 50),
      sample('theirs', 1, 100),
      sample('ours', 2, 500),
      sample('theirs', 2, 1000),
    ];
    assert.deepEqual(cells(tripsTable(samples, 'theirs'), 0).slice(0, 3), [
      'ours',
      '50 – 275 – 500',
      '0.50 – 0.50 – 0.50',
    ]);
  });

  it('leaves the ratio open when the baseline was not measured', () => {
    assert.equal(cells(tripsTable([sample('ours', 1, 50)], 'theirs'), 0)[2], '–');
  });

  it('keeps the order in which the systems were measured', () => {
    const samples = [sample('z', 1, 1), sample('a', 1, 1), sample('z', 2, 1)];
    assert.deepEqual(
      [cells(tripsTable(samples, 'a'), 0)[0], cells(tripsTable(samples, 'a'), 1)[0]],
      ['z', 'a'],
    );
  });

  it('says nothing about Redis for a system that has none', () => {
    const memory = sample('memory', 1, 40, { redis: undefined });
    assert.deepEqual(cells(partsTable([memory]), 0).slice(4), ['–', '–', '–', '–']);
  });
});
