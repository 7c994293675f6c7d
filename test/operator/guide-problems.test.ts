/**
 * The guide's five common problems, each with its symptom as the instances and Kubernetes show it, and what a person then reads
 * in the status: a reason of its own, and in the message what the guide says to check.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { ConditionType, Reason } from '../../operator/api/conditions.ts';
import { readyStatus } from './stateful-set-controller.ts';
import { World } from './world.ts';
import { reportOf } from './surroundings.ts';
import { sampleCluster } from './sample.ts';

interface Row {
  readonly symptom: string;
  readonly plant: (world: World) => void;
  readonly condition: ConditionType;
  readonly status: 'True' | 'False';
  readonly reason: Reason;
  /** What the message tells a person to look at. */
  readonly says: readonly RegExp[];
}

const report = reportOf('', 0);
const redisSays = (error: string) => (world: World) => {
  world.report = () => ({ redis: { ...report.redis, reachable: false, roundTripMs: null, error } });
};
/** Only the second instance. */
const second =
  (said: object) =>
  (world: World): void => {
    world.report = (name) => (name === 'demo-1' ? said : {});
  };

const problems: Readonly<Record<string, readonly Row[]>> = {
  '问题 1：实例无法连接到 Redis': [
    {
      symptom: 'nobody listens there',
      plant: redisSays('connect ECONNREFUSED 10.0.0.9:6379'),
      ...{ condition: 'RedisReachable', status: 'False', reason: 'Unreachable' },
      says: [/ECONNREFUSED 10\.0\.0\.9:6379/, /Redis runs/, /spec\.redis is right/, /network/],
    },
    {
      symptom: 'the password is wrong',
      plant: redisSays('WRONGPASS invalid username-password pair'),
      ...{ condition: 'RedisReachable', status: 'False', reason: 'AuthRefused' },
      says: [/authSecretRef/],
    },
  ],
  '问题 2：跨实例消息投递失败': [
    {
      symptom: 'jobs of a session on one instance do not come back from a node on another',
      plant: (world) => {
        world.route = () => 'unanswered';
      },
      ...{ condition: 'RoutingVerified', status: 'False', reason: 'RouteUnanswered' },
      says: [/from demo-0 to demo-1/, /XINFO GROUPS and XPENDING/, /op="xreadgroup",result="err"/],
    },
    {
      symptom: 'an instance_id is used twice',
      plant: (world) => {
        const startedAt = new Date(world.clock.now() - 600_000).toISOString();
        second({ startedAt, lease: { held: false, epoch: 0, holder: 'demo-1|4|other' } })(world);
      },
      ...{ condition: 'InstancesUnique', status: 'False', reason: 'DuplicateInstance' },
      says: [/demo-1 is held by demo-1\|4\|other/, /stop it/, /keyPrefix/],
    },
    {
      symptom: 'what cannot be delivered gathers in the dead letters',
      plant: second({ inbox: { length: 0, pending: 0, dlqLength: 101 } }),
      ...{ condition: 'Degraded', status: 'True', reason: 'DeliveryFailing' },
      says: [/demo-1/, /dlq list/, /instance_ids are unique/],
    },
  ],
  '问题 3：Pending 消息持续增长': [
    {
      symptom: 'more than 1000 messages are read and not acknowledged',
      plant: second({ inbox: { length: 1001, pending: 1001, dlqLength: 0 } }),
      ...{ condition: 'Degraded', status: 'True', reason: 'InboxBacklog' },
      says: [/demo-1/, /instance works/, /nodes and sessions are connected/, /dead letters/],
    },
  ],
  '问题 4：节点快照不同步': [
    {
      symptom: 'an instance knows far fewer nodes',
      plant: (world) => {
        world.report = (name) => ({ nodesKnown: name === 'demo-1' ? 3 : 40 });
      },
      ...{ condition: 'Degraded', status: 'True', reason: 'NodeViewsDiffer' },
      says: [/demo-1/, /nodeSnapshot\.enabled is true/, /refresh interval/, /connection/],
    },
    {
      symptom: 'snapshots are switched off',
      plant: (world) => {
        world.edit((spec) => (spec.config.scheduler.phase2.nodeSnapshot.enabled = false));
      },
      ...{ condition: 'ProductionReady', status: 'False', reason: 'NodeSnapshotOff' },
      says: [/nodeSnapshot\.enabled to true/],
    },
  ],
  '问题 5：实例频繁重启导致连接丢失': [
    {
      symptom: 'an instance ended four times, and runs again',
      plant: (world) => {
        ended(world, 'demo-1', true);
      },
      ...{ condition: 'Degraded', status: 'True', reason: 'RestartingOften' },
      says: [/demo-1.*4 times/, /logs --previous/, /memory limit/, /ownerTtlSeconds/],
    },
    {
      symptom: 'an instance ends again and again',
      plant: (world) => {
        ended(world, 'demo-1', false);
      },
      ...{ condition: 'Degraded', status: 'True', reason: 'CrashLooping' },
      says: [/demo-1.*ended 4 times, last with exit code 137/, /logs --previous/],
    },
  ],
};

/** The kubelet has started the container of a pod four times. */
function ended(world: World, name: string, ready: boolean): void {
  const finishedAt = new Date(world.clock.now()).toISOString();
  world.patchPodStatus(name, (status) => {
    const [container] = readyStatus('').containerStatuses!;
    const lastState = { terminated: { exitCode: 137, finishedAt } };
    const state = ready ? { running: {} } : { waiting: { reason: 'CrashLoopBackOff' } };
    return {
      ...status,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: finishedAt }],
      containerStatuses: [{ ...container!, ready, restartCount: 4, state, lastState }],
    };
  });
}

describe("the guide's common problems", () => {
  let world: World;
  beforeEach(async () => {
    world = new World();
    world.put(sampleCluster({ replicas: 3 }));
    await world.start();
    await world.converge();
    assert.equal(world.says('Ready'), 'True FleetReady');
  });
  afterEach(() => {
    world.stop();
  });

  for (const [problem, rows] of Object.entries(problems)) {
    for (const { symptom, plant, condition, status, reason, says } of rows) {
      it(`${problem} (${symptom}): ${condition}=${status} ${reason}, with what to do`, async () => {
        plant(world);
        for (let passed = 0; passed < 180; passed += 5) {
          await world.clock.advance(5_000);
          await world.look();
        }
        assert.equal(world.says(condition), `${status} ${reason}`);
        for (const part of says) assert.match(world.condition(condition).message, part);
      });
    }
  }
});
