/** Watches what the operator does with clusters and StatefulSets, as a person with `kubectl get -w`: the API server has one list of each to answer, however long it takes. */
import type { Logger } from 'pino';
import type { Clock, Random } from '../../common/clock.ts';
import { schedulerClusters } from '../../operator/api/group.ts';
import type { SchedulerCluster } from '../../operator/api/schedulercluster.gen.ts';
import type { KubeClient } from '../../operator/kube/client.ts';
import { Reflector } from '../../operator/kube/reflector.ts';
import { statefulSets, type StatefulSet } from '../../operator/kube/resources.ts';

export interface OnlookerOptions {
  readonly kube: KubeClient;
  readonly namespace: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export class Onlooker {
  readonly #clusters: Reflector<SchedulerCluster>;
  readonly #sets: Reflector<StatefulSet>;
  readonly #waiting = new Set<(set: StatefulSet) => void>();

  constructor({ namespace, ...options }: OnlookerOptions) {
    const query = { namespace };
    this.#clusters = new Reflector<SchedulerCluster>({ ...options, query, resource: schedulerClusters });
    this.#sets = new Reflector<StatefulSet>({
      ...{ ...options, query, resource: statefulSets },
      onChange: (_key, _before, set) => {
        if (set) for (const tell of this.#waiting) tell(set);
      },
    });
  }

  async synced(): Promise<void> {
    await Promise.all([this.#clusters.synced, this.#sets.synced]);
  }

  clusters(): readonly SchedulerCluster[] {
    return this.#clusters.list();
  }

  /** Resolves when the StatefulSet of this name is shown with so many replicas. */
  replicasOf(name: string, replicas: number): Promise<void> {
    return new Promise((resolve) => {
      const tell = ({ metadata, spec }: StatefulSet) => {
        if (metadata.name !== name || spec?.replicas !== replicas) return;
        this.#waiting.delete(tell);
        resolve();
      };
      this.#waiting.add(tell);
    });
  }

  stop(): void {
    this.#clusters.stop();
    this.#sets.stop();
  }
}
