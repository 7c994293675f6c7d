/** What the admin API tells of this instance. */
import type { InstanceReport } from '../common/admin-api.ts';
import { credentialsDigest } from '../common/credentials-digest.ts';
import { version } from '../common/version.ts';
import type { Instance } from './instance.ts';
import type { InboxStats, Store } from './store/store.ts';

const nothing: InboxStats = { length: 0, pending: 0, dlqLength: 0 };

export interface ProcessFacts {
  readonly startedAt: number;
  readonly configSha256: string;
  readonly stopped: boolean;
  /** Of whoever asks: the key of digests that are meant for it. */
  readonly adminToken: string;
}

export async function reportOf(instance: Instance, process: ProcessFacts): Promise<InstanceReport> {
  const { config, store, instanceId, lease, desk, floor, edge, drain, readiness, storeHealth } = instance;
  const { phase2 } = config.scheduler;
  const { reachable, roundTripMs, error } = storeHealth();
  const notReadyReasons = readiness.reasons();
  const { waiting, running } = desk.jobCounts;
  return {
    instanceId,
    version,
    startedAt: new Date(process.startedAt).toISOString(),
    phase: phaseOf(instance, process.stopped),
    ready: notReadyReasons.length === 0,
    notReadyReasons,
    configSha256: process.configSha256,
    redis: {
      reachable,
      mode: phase2.enabled ? phase2.redis.mode : 'none',
      keyPrefix: phase2.redis.key_prefix,
      roundTripMs,
      error,
      ...loginOf(store, process),
    },
    lease: { held: lease.held, epoch: lease.epoch, holder: lease.holder },
    connections: { sessions: edge.count('session'), nodes: edge.count('node') },
    jobs: { waiting, running: Math.max(running, floor.runningCount) },
    selections: await selectionsOf(instance),
    nodesKnown: instance.directory.nodes.length,
    // A report must neither fail nor wait because the store is away: that is when it is read.
    inbox: reachable ? await store.inbox.stats(instanceId).catch(() => nothing) : nothing,
    drain: drain.report,
  };
}

function loginOf({ logins }: Store, { adminToken }: ProcessFacts): Pick<InstanceReport['redis'], 'login'> {
  if (!logins) return {};
  const { files, refused } = logins.state;
  return { login: { digest: credentialsDigest(adminToken, files), refused } };
}

async function selectionsOf({ registry }: Instance): Promise<InstanceReport['selections']> {
  const counted = await registry.getSingleMetric('scheduler_node_selections_total')?.get();
  const count = (result: string) =>
    counted?.values.find(({ labels }) => labels['result'] === result)?.value ?? 0;
  const failed = count('none');
  return { total: count('chosen') + failed, failed };
}

function phaseOf({ drain, readiness }: Instance, stopped: boolean): InstanceReport['phase'] {
  if (stopped) return 'stopped';
  if (drain.active) return 'draining';
  return readiness.takesPart() ? 'ready' : 'starting';
}
