import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Config } from '../config/schema.ts';
import type { StoreFacts } from '../store/store.ts';
import {
  fleetFindings,
  memoryFinding,
  roundTripFinding,
  serverFindings,
  tokenFinding,
  type Finding,
  type KnownInstance,
} from './doctor-checks.ts';

const healthy: StoreFacts['servers'][number] = {
  address: 'r:1',
  version: '7.0.15',
  flavour: 'redis',
  clusterEnabled: false,
  maxmemoryBytes: 1024 ** 3,
  usedMemoryBytes: 1024 ** 2,
  maxmemoryPolicy: 'noeviction',
  appendOnly: true,
  persistenceFailing: false,
  connectedReplicas: 0,
  clockMs: 1000,
  ourClockMs: 1000,
};
const server = (part: Partial<typeof healthy>): Finding[] =>
  serverFindings({ kind: 'redis', mode: 'single', servers: [{ ...healthy, ...part }] });
const worst = (findings: readonly Finding[]): string =>
  ['fail', 'warn', 'ok'].find((level) => findings.some((finding) => finding.level === level)) ?? '';

describe('what the doctor says of the server', () => {
  const cases: readonly [title: string, part: Partial<typeof healthy>, level: string][] = [
    ['a good one', {}, 'ok'],
    ['a cluster that is configured as a single server', { clusterEnabled: true }, 'fail'],
    ['a policy that throws data away', { maxmemoryPolicy: 'allkeys-lru' }, 'fail'],
    ['a disk that takes nothing any more', { persistenceFailing: true }, 'fail'],
    ['no append-only file', { appendOnly: false }, 'warn'],
    ['a version without XAUTOCLAIM', { version: '6.0.9' }, 'fail'],
    ['a version that nobody tests', { version: '6.2.1' }, 'warn'],
    ['Valkey', { version: '8.1.0', flavour: 'valkey' }, 'ok'],
    [
      'a server that tells nothing',
      { version: undefined, maxmemoryPolicy: undefined, appendOnly: undefined },
      'warn',
    ],
    ['a clock ten minutes off', { clockMs: 601_000 }, 'warn'],
  ];
  for (const [title, part, level] of cases) {
    it(`${title}: ${level}`, () => {
      const findings = server(part);
      assert.equal(worst(findings), level);
      for (const finding of findings) assert.equal(finding.remedy === undefined, finding.level === 'ok');
    });
  }

  it("measures memory by the guide's formula, and round trips by its 10 ms", () => {
    const gib = 1024 ** 3;
    const of = (part: Partial<typeof healthy>, instances: number, nodes: number) =>
      memoryFinding([{ ...healthy, ...part }], instances, nodes).level;
    assert.equal(of({ maxmemoryBytes: gib }, 10, 1000), 'ok');
    assert.equal(of({ maxmemoryBytes: gib }, 10, 100_000), 'fail');
    assert.equal(of({ maxmemoryBytes: 99 * 1024 ** 2 }, 1, 0), 'fail');
    assert.equal(of({ maxmemoryBytes: 0 }, 1, 0), 'warn');
    assert.equal(of({ maxmemoryBytes: gib, usedMemoryBytes: 0.9 * gib }, 1, 0), 'warn');
    const { what, remedy = '' } = memoryFinding([{ ...healthy, maxmemoryBytes: 1024 }], 1, 1);
    assert.match(`${what} ${remedy}`, /for 1 instance and 1 node/);
    assert.deepEqual([roundTripFinding(9.9).level, roundTripFinding(10).level], ['ok', 'warn']);
  });
});

describe('what the doctor says of the fleet', () => {
  const config = Config.parse({ scheduler: { phase2: { instance_id: 'a' } } });
  const instance = (part: Partial<KnownInstance>): KnownInstance => ({
    instanceId: 'a',
    alive: true,
    hostname: 'h',
    pid: 1,
    publisher: { hostname: 'h', pid: 1 },
    inbox: { length: 0, pending: 0, dlqLength: 0 },
    oldestPendingMs: undefined,
    ...part,
  });
  const found = (part: Partial<KnownInstance>, hostname = 'h') =>
    fleetFindings([instance(part)], config, { hostname });
  const inbox = { length: 5, pending: 5, dlqLength: 0 };

  it('one that is well is well', () => {
    assert.equal(worst(found({})), 'ok');
  });

  it('names two processes that are one instance, and an id that is held elsewhere', () => {
    const twice = found({ publisher: { hostname: 'other', pid: 2 } });
    assert.match(twice.find(({ level }) => level === 'fail')?.what ?? '', /h\/1 and other\/2/);
    assert.equal(worst(found({}, 'elsewhere')), 'warn');
  });

  it('tells a full inbox, an old entry, an orphaned inbox and dead letters', () => {
    assert.equal(worst(found({ inbox })), 'ok');
    assert.equal(worst(found({ inbox: { ...inbox, pending: 1001 } })), 'fail');
    assert.equal(worst(found({ inbox, oldestPendingMs: 61_000 })), 'warn');
    assert.match(worst(found({ alive: false, inbox })), /warn/);
    assert.equal(worst(found({ inbox: { ...inbox, dlqLength: 1 } })), 'warn');
    assert.equal(worst(found({ inbox: { ...inbox, dlqLength: 101 } })), 'fail');
  });

  it('looks at the file of the admin token', () => {
    const level = (characters: number, mode = 0o600) =>
      tokenFinding({ kind: 'read', path: 't', characters, mode }).level;
    assert.deepEqual([level(32), level(0), level(5), level(32, 0o644)], ['ok', 'fail', 'warn', 'warn']);
    assert.equal(tokenFinding({ kind: 'not_configured' }).level, 'warn');
    assert.equal(tokenFinding({ kind: 'unreadable', path: 't', why: 'EACCES' }).level, 'fail');
  });
});
