/**
 * ProductionReady: the guide's advice on sizing, as advice. It never refuses anything and Ready does not look at it. False names
 * what costs availability or work; a True with a reason of its own names what could be better.
 */
import { verdict, type Reason, type Verdict } from '../../api/conditions.ts';
import { embeddedRedis } from '../../api/redis.ts';
import type { SchedulerCluster } from '../../api/schedulercluster.gen.ts';
import { guide } from '../guide.ts';
import { answerOf } from '../pods.ts';
import { previous, wantedPods, type Facts } from './facts.ts';

interface Advice {
  readonly reason: Reason;
  readonly message: string;
}

export function productionReady(facts: Facts): Verdict {
  const { cluster } = facts;
  const faults = [...faultsOfSpec(cluster), ...faultsOfRedis(facts), ...faultsOfMonitoring(facts)];
  const [fault] = faults;
  if (fault) return verdict('False', fault.reason, said(faults));
  const hints = hintsFor(cluster);
  const [hint] = hints;
  if (hint) return verdict('True', hint.reason, said(hints));
  return verdict('True', 'AsRecommended', 'As the deployment guide recommends.');
}

const said = (advice: readonly Advice[]): string => advice.map(({ message }) => message).join(' ');

function faultsOfSpec(cluster: SchedulerCluster): Advice[] {
  const { spec } = cluster;
  const faults: Advice[] = [];
  if (embeddedRedis(cluster))
    faults.push({
      reason: 'EmbeddedRedis',
      message: 'The operator runs one Redis server for development: while it restarts, nobody is served.',
    });
  if (spec.replicas === 1)
    faults.push({ reason: 'SingleInstance', message: 'One instance: while it restarts, nobody is served.' });
  if (!spec.config.scheduler.phase2.nodeSnapshot.enabled)
    faults.push({
      reason: 'NodeSnapshotOff',
      message: 'Instances do not share their nodes: nodeSnapshot.enabled is false.',
    });
  return faults;
}

function faultsOfRedis(facts: Facts): Advice[] {
  const answers = wantedPods(facts).flatMap((pod) => {
    const answer = answerOf(facts.seen, pod);
    return answer?.kind === 'report' ? [answer] : [];
  });
  return [
    ...slowness(
      facts,
      answers.map(({ fastestRoundTripMs }) => fastestRoundTripMs),
    ),
    ...smallness(facts, answers),
  ];
}

function faultsOfMonitoring({ seen: { missing } }: Facts): Advice[] {
  return missing.map(({ kind, isForbidden }) =>
    isForbidden
      ? {
          reason: 'MonitoringForbidden',
          message: `The operator may not list ${kind} objects, which spec.monitoring asks for.`,
        }
      : {
          reason: 'MonitoringNotInstalled',
          message: `This cluster does not know the kind ${kind}, which spec.monitoring asks for.`,
        },
  );
}

/** The figure is left out: it changes all the time. An operator that has not measured yet repeats what was known. */
function slowness(facts: Facts, measured: readonly (number | undefined)[]): Advice[] {
  const figures = measured.filter((ms) => ms !== undefined);
  const wasSlow = previous(facts, 'ProductionReady')?.reason === 'RedisSlow';
  const isSlow = figures.length === 0 ? wasSlow : Math.min(...figures) > guide.redisRoundTripMaxMs;
  if (!isSlow) return [];
  const limit = String(guide.redisRoundTripMaxMs);
  return [{ reason: 'RedisSlow', message: `Every round trip to Redis takes longer than ${limit} ms.` }];
}

function smallness(
  { cluster }: Facts,
  answers: readonly {
    report: { redis: { maxMemoryBytes?: number | undefined }; nodesKnown?: number | undefined };
  }[],
): Advice[] {
  const { perInstanceBytes, perNodeBytes } = guide.redisMemory;
  const nodes = Math.max(0, ...answers.map(({ report }) => report.nodesKnown ?? 0));
  const needed = cluster.spec.replicas * perInstanceBytes + nodes * perNodeBytes;
  const given = Math.max(0, ...answers.map(({ report }) => report.redis.maxMemoryBytes ?? 0));
  if (given === 0 || given >= needed) return [];
  const mebibytes = (bytes: number) => `${String(Math.ceil(bytes / 1024 / 1024))} MiB`;
  const message = `Redis may use ${mebibytes(given)}, and this fleet needs ${mebibytes(needed)} by the guide's formula.`;
  return [{ reason: 'RedisMemorySmall', message }];
}

function hintsFor({ spec }: SchedulerCluster): Advice[] {
  const { from, to } = guide.instancesRecommended;
  const hints: Advice[] = [];
  if (spec.replicas === guide.instancesMin)
    hints.push({
      reason: 'FewInstances',
      message: `Two instances survive the loss of one; ${String(from)} to ${String(to)} are recommended.`,
    });
  if (spec.replicas > guide.instancesMax)
    hints.push({
      reason: 'ManyInstances',
      message: `More than ${String(guide.instancesMax)} instances are not recommended.`,
    });
  if (spec.redis.mode === 'single')
    hints.push({
      reason: 'SingleRedis',
      message: 'One Redis server: Redis Cluster with three masters or more is recommended.',
    });
  return hints;
}
