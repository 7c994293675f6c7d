import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sampleCluster, type Wish } from '../../../test/operator/sample.ts';
import { refusedStatus } from '../../../test/operator/stateful-set-controller.ts';
import { reportOf } from '../../../test/operator/surroundings.ts';
import type { InstanceReport } from '../../../common/admin-api.ts';
import { conditionTypes, remedies, type ConditionType } from '../../api/conditions.ts';
import type { Pod } from '../../kube/resources.ts';
import { statefulSet } from '../../resources/stateful-set.ts';
import { podTemplate } from '../../resources/pod-template.ts';
import { statusOf } from '../status.ts';
import type { Facts } from './facts.ts';

const nowMs = Date.UTC(2026, 0, 1, 12);

interface Sample {
  readonly replicas?: number;
  /** Set status of the StatefulSet; all done by default. */
  readonly set?: Record<string, unknown> | 'none';
  /** One status for each pod, by ordinal. */
  readonly pods?: (Pod['status'] | 'ready')[];
  readonly reports?: Partial<InstanceReport>[];
  /** Of every instance, in the last minute. */
  readonly fastestRoundTripMs?: number;
  readonly spec?: Wish;
  readonly before?: { type: ConditionType; status: 'True' | 'False'; reason: string };
  readonly blocked?: Facts['blocked'];
}

const readyPod: Pod['status'] = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
const notReady: Pod['status'] = { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] };

const waiting = (reason: string, message: string): Pod['status'] => ({
  phase: 'Pending',
  containerStatuses: [
    {
      name: 'scheduler',
      ready: false,
      restartCount: 0,
      image: '',
      imageID: '',
      state: { waiting: { reason, message } },
    },
  ],
});

const { redis } = reportOf('', nowMs);
const redisCluster = { mode: 'cluster', clusterUrls: ['redis://a:1'], keyPrefix: 'lingua' };

const restarted = (restartCount: number, agoMs: number): Pod['status'] => ({
  ...readyPod,
  containerStatuses: [
    {
      ...{ name: 'scheduler', ready: true, restartCount, image: '', imageID: '', state: { running: {} } },
      lastState: { terminated: { exitCode: 137, finishedAt: new Date(nowMs - agoMs).toISOString() } },
    },
  ],
});

function conditionsOf(sample: Sample): Record<string, string> {
  const {
    replicas = 3,
    set,
    pods = Array.from({ length: replicas }, () => 'ready' as const),
    blocked,
  } = sample;
  const plain = sampleCluster({ replicas, ...sample.spec });
  const cluster = sample.before
    ? {
        ...plain,
        status: {
          conditions: [{ ...sample.before, message: '', lastTransitionTime: '', observedGeneration: 1 }],
        },
      }
    : plain;
  const done = {
    observedGeneration: 1,
    replicas,
    readyReplicas: pods.filter((pod) => pod === 'ready').length,
    updatedReplicas: replicas,
    currentRevision: 'a',
    updateRevision: 'a',
  };
  const status = statusOf({
    cluster,
    nowMs,
    blocked,
    seen: {
      configMaps: [],
      secretFaults: [],
      missing: [],
      statefulSet:
        set === 'none'
          ? undefined
          : { ...statefulSet(cluster, { replicas, partition: replicas }), status: { ...done, ...set } },
      pods: pods.map(
        (one, ordinal) =>
          ({
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: `demo-${String(ordinal)}`, uid: `u${String(ordinal)}` },
            spec: podTemplate(cluster).spec!,
            status: one === 'ready' ? readyPod : one,
          }) as Pod,
      ),
      instances: new Map(
        (sample.reports ?? pods.map(() => ({}))).map((report, ordinal) => [
          `u${String(ordinal)}`,
          {
            kind: 'report',
            report: { ...reportOf(`demo-${String(ordinal)}`, nowMs), ...report },
            ...(sample.fastestRoundTripMs === undefined
              ? {}
              : { fastestRoundTripMs: sample.fastestRoundTripMs }),
          },
        ]),
      ),
    },
  });
  return Object.fromEntries(
    status.conditions!.map(({ type, status: is, reason }) => [type, `${is} ${reason}`]),
  );
}

const settled = { type: 'Progressing', status: 'False', reason: 'Settled' } as const;

describe('conditions', () => {
  const table: [string, Sample, Record<string, string>][] = [
    [
      'a fleet as asked',
      { before: settled },
      {
        Ready: 'True FleetReady',
        Available: 'True EnoughReady',
        Progressing: 'False Settled',
        Degraded: 'False AsExpected',
      },
    ],
    [
      'nothing made yet',
      { set: 'none', pods: [] },
      {
        Ready: 'False Creating',
        Available: 'Unknown NoInstanceYet',
        Progressing: 'True Creating',
        ConfigValid: 'Unknown NoInstanceYet',
        RedisReachable: 'Unknown NoInstanceAnswers',
      },
    ],
    [
      'one of three missing is still available',
      { before: settled, pods: ['ready', 'ready', notReady] },
      { Available: 'True EnoughReady', Progressing: 'False Settled', Ready: 'True FleetReady' },
    ],
    [
      'two of three missing is not',
      { before: settled, pods: ['ready', notReady, notReady] },
      { Available: 'False TooFewReady', Ready: 'False TooFewReady' },
    ],
    [
      'the only one missing is not',
      { replicas: 1, before: settled, pods: [notReady] },
      { Available: 'False TooFewReady' },
    ],
    [
      'one of two ready is',
      { replicas: 2, before: settled, pods: ['ready', notReady] },
      { Available: 'True EnoughReady' },
    ],
    [
      'none asked for',
      { replicas: 0, before: settled },
      { Ready: 'True Hibernated', Available: 'True Hibernated' },
    ],
    [
      'a change not seen by the StatefulSet',
      { before: settled, set: { observedGeneration: 0 } },
      { Progressing: 'True RollingOut', Ready: 'False RollingOut' },
    ],
    [
      'pods of two revisions',
      { before: settled, set: { updateRevision: 'b', updatedReplicas: 1 } },
      { Progressing: 'True RollingOut' },
    ],
    [
      'all updated and one not ready yet is still under way',
      { before: { ...settled, status: 'True', reason: 'RollingOut' }, pods: ['ready', 'ready', notReady] },
      { Progressing: 'True RollingOut' },
    ],
    [
      'pods missing',
      { before: settled, set: { replicas: 2, updatedReplicas: 2 } },
      { Progressing: 'True Scaling' },
    ],
    [
      'a pod too many',
      { replicas: 2, before: settled, pods: ['ready', 'ready', 'ready'] },
      { Progressing: 'True Scaling' },
    ],
    [
      'an image that cannot be pulled',
      { before: settled, pods: ['ready', 'ready', waiting('ImagePullBackOff', 'no such image')] },
      { Degraded: 'True ImagePullFailed' },
    ],
    [
      'a refused configuration',
      { before: settled, pods: ['ready', 'ready', refusedStatus('', 'line 3')], reports: [{}, {}] },
      { ConfigValid: 'False Refused', Degraded: 'True CrashLooping', Ready: 'False Refused' },
    ],
    [
      'a lease held by another process for long',
      {
        before: settled,
        pods: ['ready', 'ready', notReady],
        reports: [
          {},
          {},
          {
            startedAt: new Date(nowMs - 120_000).toISOString(),
            lease: { held: false, epoch: 3, holder: 'demo-2|3|x|other' },
          },
        ],
      },
      { Degraded: 'True DuplicateInstance' },
    ],
    [
      'a lease that its dead predecessor left',
      {
        before: settled,
        pods: ['ready', 'ready', notReady],
        reports: [
          {},
          {},
          {
            startedAt: new Date(nowMs - 30_000).toISOString(),
            lease: { held: false, epoch: 3, holder: 'demo-2|2|y|old' },
          },
        ],
      },
      { Degraded: 'False AsExpected' },
    ],
    [
      'Redis away for one instance',
      {
        before: settled,
        reports: [
          {},
          { redis: { reachable: false, mode: 'single', keyPrefix: '', roundTripMs: null, error: 'x' } },
          {},
        ],
      },
      { RedisReachable: 'False Unreachable', Ready: 'False Unreachable' },
    ],
    [
      'a backlog in an inbox',
      { before: settled, reports: [{}, { inbox: { length: 2000, pending: 1001, dlqLength: 0 } }, {}] },
      { Degraded: 'True InboxBacklog', Ready: 'True FleetReady' },
    ],
    [
      'as much in an inbox as is allowed',
      { before: settled, reports: [{}, { inbox: { length: 2000, pending: 1000, dlqLength: 100 } }, {}] },
      { Degraded: 'False AsExpected' },
    ],
    [
      'dead letters',
      { before: settled, reports: [{}, {}, { inbox: { length: 0, pending: 0, dlqLength: 101 } }] },
      { Degraded: 'True DeliveryFailing' },
    ],
    [
      'an instance that knows far fewer nodes than the others',
      { before: settled, reports: [{ nodesKnown: 100 }, { nodesKnown: 60 }, { nodesKnown: 98 }] },
      { Degraded: 'True NodeViewsDiffer' },
    ],
    [
      'an instance that lags a little behind',
      { before: settled, reports: [{ nodesKnown: 100 }, { nodesKnown: 85 }, {}] },
      { Degraded: 'False AsExpected' },
    ],
    [
      'an instance that started again and again lately',
      { before: settled, pods: ['ready', 'ready', restarted(3, 300_000)] },
      { Degraded: 'True RestartingOften', Ready: 'True FleetReady' },
    ],
    [
      'one that did so an hour ago',
      { before: settled, pods: ['ready', 'ready', restarted(30, 3_600_000)] },
      { Degraded: 'False AsExpected' },
    ],
    ['instances that hold their names', { before: settled }, { InstancesUnique: 'True Unique' }],
    [
      'a name that another process holds',
      {
        before: settled,
        reports: [
          {
            startedAt: new Date(nowMs - 600_000).toISOString(),
            lease: { held: false, epoch: 1, holder: 'demo-0|1|x|other' },
          },
          {},
          {},
        ],
      },
      { InstancesUnique: 'False DuplicateInstance', Ready: 'False DuplicateInstance' },
    ],
    [
      'a fleet after the book',
      { before: settled, spec: { redis: redisCluster } },
      { ProductionReady: 'True AsRecommended' },
    ],
    [
      'one Redis server',
      { before: settled },
      { ProductionReady: 'True SingleRedis', Ready: 'True FleetReady' },
    ],
    [
      'a Redis that the operator runs',
      { before: settled, spec: { redis: { mode: 'single', keyPrefix: 'lingua-prod' } } },
      { ProductionReady: 'False EmbeddedRedis', Ready: 'True FleetReady' },
    ],
    [
      'a single instance',
      { before: settled, replicas: 1 },
      { ProductionReady: 'False SingleInstance', Ready: 'True FleetReady' },
    ],
    ['two instances', { before: settled, replicas: 2 }, { ProductionReady: 'True FewInstances' }],
    ['eleven instances', { before: settled, replicas: 11 }, { ProductionReady: 'True ManyInstances' }],
    [
      'a slow Redis',
      { before: settled, fastestRoundTripMs: 10.5 },
      { ProductionReady: 'False RedisSlow', Ready: 'True FleetReady' },
    ],
    [
      'a Redis that is fast enough',
      { before: settled, fastestRoundTripMs: 10, spec: { redis: redisCluster } },
      { ProductionReady: 'True AsRecommended' },
    ],
    [
      'a Redis with too little memory for its nodes',
      {
        before: settled,
        spec: { redis: redisCluster },
        reports: [{ nodesKnown: 2000, redis: { ...redis, maxMemoryBytes: 310 * 1024 * 1024 } }, {}, {}],
      },
      { ProductionReady: 'False RedisMemorySmall' },
    ],
    [
      'a Redis with enough',
      {
        before: settled,
        spec: { redis: redisCluster },
        reports: [{ nodesKnown: 900, redis: { ...redis, maxMemoryBytes: 310 * 1024 * 1024 } }, {}, {}],
      },
      { ProductionReady: 'True AsRecommended' },
    ],
    [
      'a foreign object in the way',
      { before: settled, blocked: { reason: 'ForeignObject', message: 'Service demo' } },
      { Degraded: 'True ForeignObject', Ready: 'False ForeignObject' },
    ],
    [
      'a foreign object before anything was made',
      { set: 'none', pods: [], blocked: { reason: 'ForeignObject', message: 'x' } },
      { Progressing: 'False Settled', Ready: 'False ForeignObject' },
    ],
  ];
  for (const [what, sample, expected] of table) {
    it(what, () => {
      const found = conditionsOf(sample);
      for (const [type, says] of Object.entries(expected)) assert.equal(found[type], says, type);
    });
  }

  it('all are always there', () => {
    for (const [, sample] of table) assert.deepEqual(Object.keys(conditionsOf(sample)), [...conditionTypes]);
  });
});

it('a fault that a person must solve has a remedy', () => {
  const faults = [
    'CrashLooping',
    'ImagePullFailed',
    'Unschedulable',
    'DuplicateInstance',
    'ForeignObject',
    'ObjectRefused',
    'Forbidden',
    'Refused',
    'Unreachable',
    'TooFewReady',
    'CanaryFailed',
    'InboxBacklog',
    'DeliveryFailing',
    'NodeViewsDiffer',
    'RestartingOften',
    'SingleInstance',
    'RedisSlow',
  ] as const;
  for (const fault of faults) assert.ok(remedies[fault].length > 20, fault);
});
