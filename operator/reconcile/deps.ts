/** What a pass needs from outside. */
import type { Logger } from 'pino';
import type { Clock, Random } from '../../common/clock.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { Kube, KubeObject, Resource } from '../kube/kube.ts';
import type { ObjectReader } from '../kube/object-cache.ts';
import type { Presence } from '../kube/optional-kind.ts';
import type { Pod } from '../kube/resources.ts';
import type { Instances } from '../instances/instances.ts';
import type { OperatorMetrics } from '../metrics.ts';
import type { AdminTokens } from './admin-tokens.ts';
import type { OwnWrites } from './own-writes.ts';

export interface Deps {
  readonly kube: Kube;
  readonly caches: Caches;
  readonly ownWrites: OwnWrites;
  readonly adminTokens: AdminTokens;
  readonly instances: Pick<Instances, 'answers' | 'drain' | 'follow' | 'forget' | 'routes'>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: OperatorMetrics;
  /** Where the runbooks of alerts are published, `{alert}` in it for the name; unknown when not set. */
  readonly runbookUrl?: string | undefined;
}

/** Local copies of what is watched. */
export interface Caches {
  readonly clusters: ObjectReader<SchedulerCluster>;
  /** With an index `owner` by the uid of the owner. */
  readonly pods: ObjectReader<Pod>;
  /** Objects of a kind that clusters own, with an index `owner`; throws for a kind that is not watched. */
  owned<T extends KubeObject>(resource: Resource<T>): ObjectReader<T>;
  /** Whether the cluster knows a kind, and lets us see it there. */
  readonly presence: (resource: Resource, namespace: string) => Presence;
  /** Somebody wants the kind there and did not find it. */
  readonly missed: (resource: Resource, namespace: string) => void;
}

export const ownerIndex = 'owner';
